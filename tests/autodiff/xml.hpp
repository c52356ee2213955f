#pragma once

/// Whether a text is well-formed XML, as the pages and formulas that we write are.

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

namespace check {

/// What is wrong with the text, and where; empty where nothing is. Every element is closed in order, every
/// attribute quoted and given once, and `<`, `>` and `&` stand for themselves nowhere.
inline std::string xml_fault(const std::string& text) {
    static const std::regex name("^[A-Za-z][A-Za-z0-9:-]*"),
        attribute("^\\s+([A-Za-z][A-Za-z0-9:-]*)=\"([^\"<]*)\""), entity("^&(amp|lt|gt|quot|#[0-9]+);");
    const auto begins = [](const std::string& piece, const std::regex& what, std::smatch& found) {
        return std::regex_search(piece, found, what, std::regex_constants::match_continuous);
    };
    std::vector<std::string> open;
    std::smatch found;
    std::size_t at = text.starts_with("<!DOCTYPE html>") ? 15 : 0;
    const auto fault = [&](const std::string& what) {
        return what + " at " + std::to_string(at) + ": " + text.substr(at, 60);
    };
    while (at < text.size()) {
        std::string piece = text.substr(at, 2000);
        if (piece[0] == '>') return fault("a bare >");
        if (piece[0] == '&') {
            if (!begins(piece, entity, found)) return fault("a bare &");
            at += static_cast<std::size_t>(found.length());
        } else if (piece[0] != '<') {
            at = std::min(text.find_first_of("<>&", at), text.size());
        } else if (piece.starts_with("</")) {
            if (open.empty() || !piece.substr(2).starts_with(open.back() + ">"))
                return fault("closes what is not open");
            at += open.back().size() + 3;
            open.pop_back();
        } else {
            piece.erase(0, 1);
            if (!begins(piece, name, found)) return fault("a bare <");
            open.push_back(found.str());
            std::vector<std::string> given;
            std::size_t length = static_cast<std::size_t>(found.length());
            while (begins(piece.erase(0, length), attribute, found)) {
                if (std::count(given.begin(), given.end(), found[1].str()) > 0)
                    return fault("an attribute twice");
                if (found[2].str().find('&') != std::string::npos &&
                    !std::regex_search(found[2].str(), std::regex("&(amp|lt|gt|quot|#[0-9]+);")))
                    return fault("a bare & in an attribute");
                given.push_back(found[1]);
                at += length;
                length = static_cast<std::size_t>(found.length());
            }
            at += 1 + length;
            if (text.compare(at, 2, "/>") == 0) {
                open.pop_back();
                at += 2;
            } else if (text.compare(at, 1, ">") == 0) {
                ++at;
            } else {
                return fault("a tag that does not end");
            }
        }
    }
    return open.empty() ? "" : "not closed: " + open.back();
}

} // namespace check
