/// A table of text.
public struct Table: Equatable, Sendable {
  /// The names of the columns; empty for a table without a header.
  public var columns: [String]
  /// The rows; each has as many elements as `columns`.
  public var rows: [[String]]

  /// A table.
  public init(columns: [String] = [], rows: [[String]]) {
    self.columns = columns
    self.rows = rows
  }

  /// The HTML element, in a box that scrolls if the table is too wide.
  var html: String {
    // A table without a header lists names and facts.
    let kind = columns.isEmpty ? "table facts" : "table"
    var lines = ["<div class=\"\(kind)\" tabindex=\"0\"><table>"]
    if !columns.isEmpty {
      let names = columns.map { "<th scope=\"col\">\(HTMLText.withSubscripts($0))</th>" }
      lines.append("<thead><tr>\(names.joined())</tr></thead>")
    }
    lines.append("<tbody>")
    for row in rows {
      let cells = row.enumerated().map { index, text in
        let words = HTMLText.escaped(text)
        return index == 0 ? "<th scope=\"row\">\(words)</th>" : "<td>\(words)</td>"
      }
      lines.append("<tr>\(cells.joined())</tr>")
    }
    return (lines + ["</tbody></table></div>"]).joined(separator: "\n")
  }
}
