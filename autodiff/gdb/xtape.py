"""Shows xtape's handles in gdb as a person writes them: `source xtape.py`, then `print W` or `print tape`.

    $1 = W = variable (n1=4 × n0=3) {{0.1, 0.2, 0.3}, …}
    $2 = dW = matmul(dZ, #7) (n1=4 × n0=3)
"""

import itertools

import gdb
import gdb.printing

MOST_ENTRIES = 8
ELEMENTS = ["float", "double", "long double", "long", "bool"]  # the order of xtape::Element


def text(string):
    return string["_M_dataplus"]["_M_p"].string(length=int(string["_M_string_length"]))


def pointee(shared_pointer):
    return shared_pointer["_M_ptr"].dereference()


def begin_and_size(vector):
    begin = vector["_M_impl"]["_M_start"]
    return begin, int(vector["_M_impl"]["_M_finish"] - begin)


def entries(vector):
    begin, size = begin_and_size(vector)
    return [begin[i] for i in range(size)]


def children(standard_container):
    """What libstdc++'s own printer finds inside; nothing where that printer is not loaded."""
    printer = gdb.default_visualizer(standard_container)
    return [child for _, child in printer.children()] if printer else []


def dim(value):
    name, extent = text(value["name_"]), int(value["extent_"])
    if extent == 2**64 - 1:
        return name
    return f"{name}={extent}" if name else str(extent)


def shape(value):
    dims = value["dims_"]
    return "(" + " × ".join(dim(d) for d in entries(pointee(dims))) + ")" if dims["_M_ptr"] else "()"


def array(value):
    extents = value["extents_"]
    extents = [int(extents["m_begin"][i]) for i in range(int(extents["m_end"] - extents["m_begin"]))]
    data = value["data_"].cast(gdb.lookup_type(ELEMENTS[int(value["element_"])]).const().pointer())

    def braces(offset, axis):
        if axis == len(extents):
            return f"{data[offset]}"
        stride = 1
        for extent in extents[axis + 1:]:
            stride *= extent
        shown = [braces(offset + i * stride, axis + 1) for i in range(min(extents[axis], MOST_ENTRIES))]
        return "{" + ", ".join(shown + ["…"] * (extents[axis] > MOST_ENTRIES)) + "}"

    return braces(0, 0)


class Records:
    def __init__(self, value):
        self.value = value
        self.records, self.record_count = begin_and_size(value["records_"])
        self.results, self.result_count = begin_and_size(value["results_"])
        self.operands, _ = begin_and_size(value["operands_"])
        self.ops, _ = begin_and_size(value["ops_"])
        aliases = children(value["names_"])  # id, name, id, name, …; of several names the first counts
        self.names = {}
        for id, name in zip(aliases[::2], aliases[1::2]):
            self.names.setdefault(int(id), text(name))

    def name(self, id):
        return self.names.get(id, f"#{id}")

    def record(self, id):
        return self.records[int(self.results[id]["record"])]

    def call(self, id):
        record = self.record(id)
        op = text(pointee(self.ops[int(record["op"])]["definition_"])["name"]).split("::")[-1]
        first, count = int(record["first_operand"]), int(record["operand_count"])
        operands = ", ".join(self.name(int(self.operands[k])) for k in range(first, first + count))
        return f"{op}({operands})" if count else op

    def leaf(self, id):
        """The array or number that a leaf holds; empty for an input and for what was computed."""
        for entry in entries(self.value["leaves_"]) if not int(self.record(id)["operand_count"]) else []:
            if int(entry["first"]) == id:
                for content in children(entry["second"]):
                    type = str(content.type.strip_typedefs())
                    if type.startswith("std::shared_ptr"):
                        return " " + array(pointee(content)["array_"])
                    if type == "xtape::AnyArray":
                        return " " + array(content)
                    if type == "long double":
                        return f" {content}"
        return ""

    def line(self, id):
        return f"{self.name(id)} = {self.call(id)} {shape(self.results[id]['shape'])}{self.leaf(id)}"


class DimPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return dim(self.value)


class ShapePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return shape(self.value)


class ArrayPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return array(self.value)


class VarPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        if not self.value["records_"]["_M_ptr"]:
            return "a Var of no tape"
        id, records = int(self.value["id_"]), Records(pointee(self.value["records_"]))
        if id >= records.result_count or records.record(id)["serial"] != self.value["serial_"]:
            return f"a Var that was rewound (#{id})"
        return records.line(id)


class TapePrinter:
    """A tape's records, one a line; gdb's `set print elements` says how many."""

    def __init__(self, value):
        self.value = value

    def records(self):
        return Records(pointee(self.value["records_"])) if self.value["records_"]["_M_ptr"] else None

    def to_string(self):
        records = self.records()
        return f"a tape of {records.record_count} records" if records else "a tape that was moved from"

    def children(self):
        records = self.records()
        for id in range(records.result_count if records else 0):
            yield from [(f"#{id}", records.line(id))]


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("xtape")
    collection.add_printer("Dim", "^xtape::Dim$", DimPrinter)
    collection.add_printer("Shape", "^xtape::Shape$", ShapePrinter)
    collection.add_printer("AnyArray", "^xtape::AnyArray$", ArrayPrinter)
    collection.add_printer("Var", "^xtape::Var$", VarPrinter)
    collection.add_printer("Tape", "^xtape::Tape$", TapePrinter)
    return collection


gdb.printing.register_pretty_printer(gdb.current_objfile(), printers(), replace=True)
