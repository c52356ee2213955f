"""Shows Vars, tapes and arrays in gdb: `source xtape.py`, then `print W`, `print dW` or `print tape`.

    $1 = W = variable (n1=4 × n0=3) {{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}, …}
    $2 = dW = matmul(dZ, #7) (n1=4 × n0=3)
"""

import gdb
import gdb.printing

MOST_ENTRIES = 8
ELEMENTS = ["float", "double", "long double", "long", "bool"]  # the order of xtape::Element


def text(string):
    return string["_M_dataplus"]["_M_p"].string(length=int(string["_M_string_length"]))


def pointee(shared_pointer):
    return shared_pointer["_M_ptr"].dereference()


def at(address, type):
    return gdb.Value(address).cast(type.pointer()).dereference()


def begin_and_size(vector):
    begin = vector["_M_impl"]["_M_start"]
    return begin, int(vector["_M_impl"]["_M_finish"] - begin)


def entries(vector):
    begin, size = begin_and_size(vector)
    return [begin[i] for i in range(size)]


def names(multimap):
    """The first name of each id. libstdc++'s own printer needs types that the debug information of a program may lack,
    so this walks the nodes: a header of four words, the id in one word, the name."""
    tree = multimap["_M_t"]["_M_impl"]
    string = multimap.type.template_argument(1).pointer()
    word = gdb.lookup_type("unsigned long").pointer()
    found, above, node = {}, [], tree["_M_header"]["_M_parent"]
    while above or node:
        while node:
            above.append(node)
            node = node["_M_left"]
        node = above.pop()
        payload = node.cast(word) + 4
        found.setdefault(int(payload.dereference()) % 2**32, text((payload + 1).cast(string).dereference()))
        node = node["_M_right"]
    return found


def dim(value):
    name, extent = text(value["name_"]), int(value["extent_"])
    if extent == 2**64 - 1:
        return name
    return f"{name}={extent}" if name else str(extent)


def shape(value):
    dims = value["dims_"]
    return "(" + " × ".join(dim(d) for d in entries(pointee(dims))) + ")" if dims["_M_ptr"] else "()"


def array(value):
    element = gdb.lookup_type(ELEMENTS[int(value["element_"])])
    return nested(value["extents_"], value["data_"].cast(element.pointer()))


def nested(extents, data):
    """The entries of a row-major array in nested braces."""
    extents = [int(extents["m_begin"][i]) for i in range(int(extents["m_end"] - extents["m_begin"]))]

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
        self.names = names(value["names_"])

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
        """The number or array that a leaf holds; empty for an input and for what was computed.

        An entry of leaves_ is a pair of an id and a std::variant, whose type is complete only where the library has debug
        information of its own. So this knows its layout: the id; at 16, on which a long double is aligned, the content;
        after it the content's index.
        """
        if int(self.record(id)["operand_count"]):
            return ""
        byte, content = gdb.lookup_type("char").pointer(), gdb.lookup_type("xtape::AnyArray")
        room = (content.sizeof + 15) // 16 * 16
        leaves = self.value["leaves_"]["_M_impl"]
        entry, end = (int(leaves[pointer].cast(byte)) for pointer in ("_M_start", "_M_finish"))
        while entry < end:
            if at(entry, gdb.lookup_type("unsigned int")) == id:
                kind = int(at(entry + 16 + room, gdb.lookup_type("unsigned char")))
                if kind == 1:  # the pointer to a Cell, whose first member is the array
                    return " " + array(at(int(at(entry + 16, gdb.lookup_type("unsigned long"))), content))
                if kind == 2:
                    return f" {at(entry + 16, gdb.lookup_type('long double'))}"
                if kind == 3:
                    return " " + array(at(entry + 16, content))
            entry += 16 + room + 16
        return ""

    def line(self, id):
        return f"{self.call(id)} {shape(self.results[id]['shape'])}{self.leaf(id)}"


def xarray(value):
    if "row_major" not in str(value.type.strip_typedefs().template_argument(1)):
        return "a column-major array"
    return nested(value["m_shape"], value["m_storage"]["p_begin"])


def var(value):
    if not value["records_"]["_M_ptr"]:
        return "a Var of no tape"
    id, records = int(value["id_"]), Records(pointee(value["records_"]))
    if id >= records.result_count or records.record(id)["serial"] != value["serial_"]:
        return f"a Var that was rewound (#{id})"
    return f"{records.name(id)} = {records.line(id)}"


def printer(show):
    class Printer:
        def __init__(self, value):
            self.value = value

        def to_string(self):
            return show(self.value)

    return Printer


class TapePrinter:
    """A tape and its records; `set print elements` says how many, `set print pretty` puts each on a line."""

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
            yield records.name(id), records.line(id)


xtape = gdb.printing.RegexpCollectionPrettyPrinter("xtape")
xtape.add_printer("Dim", "^xtape::Dim$", printer(dim))
xtape.add_printer("Shape", "^xtape::Shape$", printer(shape))
xtape.add_printer("AnyArray", "^xtape::AnyArray$", printer(array))
xtape.add_printer("xarray", "^xt::xarray_container<", printer(xarray))
xtape.add_printer("Var", "^xtape::Var$", printer(var))
xtape.add_printer("Tape", "^xtape::Tape$", TapePrinter)
gdb.printing.register_pretty_printer(gdb.current_objfile(), xtape, replace=True)
