import Features
import Foundation
import MessagePassing
import RankProgram

/// Shows the user how much of the features is in the sums.
struct FeatureProgress {
  private let input: FeatureInput
  private let variant: Int
  private let what: String
  /// The number of products for one column of the features.
  private let entries: Double
  private let start = MPIEnvironment.seconds
  /// The number of columns added since `start`.
  private var columns = 0

  /// - Parameters:
  ///   - name: the name of the variant; empty for the kernel of all chunks.
  ///   - entries: the number of entries of the kernel.
  init(_ input: FeatureInput, variant: Int, name: String, entries: Int) {
    (self.input, self.variant, self.entries) = (input, variant, Double(entries))
    what = "adding features" + (name.isEmpty ? "" : " of \(name)")
  }

  mutating func add(columns count: Int) { columns += count }

  /// Shows that all panels before `place` are in the sums. While the widths of a stream's chunks
  /// are unknown, all chunks count the same.
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
