import Features
import Foundation
import MessagePassing
import RankProgram

/// How far the sums are, for people.
struct FeatureProgress {
  private let input: FeatureInput
  private let variant: Int
  private let what: String
  /// Products for a column of the features.
  private let entries: Double
  private let start = MPIEnvironment.seconds
  /// Columns that were added since.
  private var columns = 0

  /// - Parameters:
  ///   - name: of the variant; empty for the kernel of all chunks.
  ///   - entries: of the kernel.
  init(_ input: FeatureInput, variant: Int, name: String, entries: Int) {
    (self.input, self.variant, self.entries) = (input, variant, Double(entries))
    what = "adding features" + (name.isEmpty ? "" : " of \(name)")
  }

  mutating func add(columns count: Int) { columns += count }

  /// Shows that all panels in front of a place are in. Of a stream, chunks count alike.
  func show(_ place: PanelPlan.Place, on console: Console) {
    let now = MPIEnvironment.seconds
    let part = input.chunk(place.chunk).map {
      Double(place.panel) / Double(PanelPlan.count($0.columns))
    }
    var fraction = (Double(place.chunk) + (part ?? 0)) / Double(max(input.total, 1))
    if let all = input.columns(ofVariant: variant, before: input.total), all > 0,
      let before = input.columns(ofVariant: variant, before: place.chunk)
    {
      fraction = Double(before + place.panel * PanelPlan.width) / Double(all)
    }
    let rate = now > start ? 2 * Double(columns) * entries / (now - start) / 1e9 : 0
    console.show(
      what, fraction: fraction,
      detail: "chunk \(min(place.chunk + 1, input.total)) of \(input.total)"
        + (columns > 0 ? String(format: ", %.4g GFLOP/s", rate) : ""),
      at: now)
  }
}
