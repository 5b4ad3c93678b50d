/// The normalized Hermite polynomials h_0, h_1, ... at many points, one after another.
struct HermiteWalk {
  private typealias L = Float64Lanes

  private let z: AlignedStorage<Double>
  private var before: AlignedStorage<Double>
  private var here: AlignedStorage<Double>
  private var order = 0

  /// - Parameter z: the points; their number must be a multiple of the lanes.
  init(_ z: AlignedStorage<Double>) {
    self.z = z
    before = AlignedStorage(count: z.count)
    here = AlignedStorage(count: z.count)
    here.base.update(repeating: 1, count: z.count)
  }

  /// The sum over the points of `weights` times h_n; the next call is for h_(n+1), which is
  /// (z h_n - sqrt(n) h_(n-1)) / sqrt(n + 1).
  mutating func sum(_ weights: AlignedStorage<Double>) -> Double {
    let (root, inverse) = (L(-Double(order).squareRoot()), L(1 / Double(order + 1).squareRoot()))
    var sums = L(0)
    for place in stride(from: 0, to: z.count, by: L.count) {
      let h = L(at: here.base + place)
      sums = sums.adding(L(at: weights.base + place), times: h)
      let next = (L(at: z.base + place) * h).adding(root, times: L(at: before.base + place))
      (next * inverse).store(to: before.base + place)
    }
    swap(&before, &here)
    order += 1
    return sums.sum
  }
}
