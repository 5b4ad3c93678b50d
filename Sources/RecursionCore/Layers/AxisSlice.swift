/// A part of an axis: places from a first index up to, but not including, an end index, in steps. As
/// in Python, negative indices count from the end, and negative steps go backward.
struct AxisSlice: Sendable {
  /// nil if the part begins at the first place in the direction of the step.
  let first: Int?
  /// nil if the part ends with the last place in the direction of the step.
  let end: Int?
  /// It is not 0.
  let step: Int

  /// The whole axis.
  static let whole = AxisSlice(first: nil, end: nil, step: 1)

  /// The places of the part on an axis of `count` places.
  func places(of count: Int) -> [Int] {
    let isBackward = step < 0
    // The first place, and the place past the last one, in the direction of the step.
    let ends = isBackward ? (first: count - 1, past: -1) : (first: 0, past: count)
    let bounds = min(ends.first, ends.past)...max(ends.first, ends.past)
    func place(_ index: Int) -> Int {
      let fromStart = index < 0 ? index + count : index
      return min(max(fromStart, bounds.lowerBound), bounds.upperBound)
    }
    return Array(
      stride(
        from: first.map(place) ?? ends.first, to: end.map(place) ?? ends.past, by: step))
  }
}
