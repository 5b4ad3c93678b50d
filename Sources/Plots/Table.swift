/// Rows of words under column names.
public struct Table: Equatable, Sendable {
  /// The columns' names; empty for a table without a head.
  public var columns: [String]
  /// The rows, as long as the columns.
  public var rows: [[String]]

  /// A table.
  public init(columns: [String] = [], rows: [[String]]) {
    self.columns = columns
    self.rows = rows
  }

  /// In a box of its own, in which what is too wide is scrolled.
  var html: String {
    // Without a head it is names and facts, which are words.
    let kind = columns.isEmpty ? "table facts" : "table"
    var lines = ["<div class=\"\(kind)\" tabindex=\"0\"><table>"]
    if !columns.isEmpty {
      let names = columns.map { "<th scope=\"col\">\(HTMLText.escaped($0))</th>" }
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
