/// A rule for an activation that is known only at run time, so that all such activations share one
/// set of loops. The values of both pixels are copied to memory, and the activation is called once
/// per vector.
struct SharedRule: PixelRule {
  private let activation: any Activation
  private let count: Int

  /// Runs an activation over a pass. Not inlined, so that the loops are compiled here only.
  @inline(never)
  static func run<L: Lanes>(_ activation: any Activation, over pass: PixelPass<L>) {
    pass.run(Self(activation: activation, count: activation.pixelValueCount))
  }

  @inline(__always)
  func apply<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    withUnsafeTemporaryAllocation(of: L.self, capacity: 2 * count) { values in
      guard let base = values.baseAddress else { return gaps }
      for index in 0..<count {
        (base + index).initialize(to: x[index])
        (base + count + index).initialize(to: y[index])
      }
      return L.gaps(activation, gaps, base, base + count)
    }
  }
}

/// The values of a pixel in memory.
private struct StoredValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L>

  @inline(__always)
  subscript(index: Int) -> L { base[index] }
}

extension Activation {
  /// Default: `pixelGaps`.
  package func gaps(
    _ gaps: PixelGaps<Float64Lanes>, _ x: UnsafePointer<Float64Lanes>,
    _ y: UnsafePointer<Float64Lanes>
  ) -> PixelGaps<Float64Lanes> {
    pixelGaps(gaps, StoredValues(base: x), StoredValues(base: y))
  }

  /// Default: `pixelGaps`.
  package func gaps(
    _ gaps: PixelGaps<Float32Lanes>, _ x: UnsafePointer<Float32Lanes>,
    _ y: UnsafePointer<Float32Lanes>
  ) -> PixelGaps<Float32Lanes> {
    pixelGaps(gaps, StoredValues(base: x), StoredValues(base: y))
  }
}

extension Float64Lanes {
  package static func gaps(
    _ activation: any Activation, _ gaps: PixelGaps<Self>, _ x: UnsafePointer<Self>,
    _ y: UnsafePointer<Self>
  ) -> PixelGaps<Self> {
    activation.gaps(gaps, x, y)
  }
}

extension Float32Lanes {
  package static func gaps(
    _ activation: any Activation, _ gaps: PixelGaps<Self>, _ x: UnsafePointer<Self>,
    _ y: UnsafePointer<Self>
  ) -> PixelGaps<Self> {
    activation.gaps(gaps, x, y)
  }
}
