import Foundation
import Report

/// The short tables that `ntk-dist compare` prints. They are in ASCII, except for the names of runs.
enum ComparisonLines {
  static func lines(_ record: ComparisonRecord) -> [String] {
    let pairs = record.pairs.map { pair -> [String] in
      let last = pair.overlaps?.last
      return [
        record.name(pair), cosineText(pair.cosine), reportNumber(pair.distance),
        cosineText(pair.centredCosine),
        last.map { "\(cosineText($0.overlap)) of \($0.eigenvectors)" } ?? "-",
        pair.angles?.last.map { degreesText($0) } ?? "-",
      ].map(ascii)
    }
    let kernels = record.kernels.map { kernel in
      [
        kernel.label, kernel.kernel, reportNumber(kernel.lambdaMax),
        reportNumber(kernel.conditionNumber), reportNumber(kernel.alignment),
        reportPercent(kernel.accuracy),
      ].map(ascii)
    }
    return table(
      [["kernels", "cosine", "S = 1 - cosine", "centered", "overlap", "largest angle"]] + pairs)
      + [""]
      + table(
        [["name", "kernel", "lambda_max", "condition", "alignment", "test accuracy"]] + kernels)
  }

  /// The text with characters that any terminal can show.
  private static func ascii(_ text: String) -> String {
    text == "–" ? "-" : text.replacing("°", with: " deg")
  }

  /// The rows as lines with aligned columns.
  static func table(_ rows: [[String]]) -> [String] {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      let cells = zip(row, widths).map {
        $0 + String(repeating: " ", count: $1 - $0.count)
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
