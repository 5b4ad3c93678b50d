/// How the preconditioned conjugate gradients went, for all regularizations of a kernel.
package struct IterationSummary: Codable, Equatable {
  /// Where the kernel was kept while it was multiplied: f32, f64 or store.
  package var tiles: String
  /// The number of columns of the preconditioner.
  package var rank: Int
  /// The part of the kernel's trace that the preconditioner leaves out.
  package var traceLeft: Double
  /// The number of products with the kernel.
  package var products: Int
  /// The number of exact residuals. The iteration restarted from each of them.
  package var refinements: Int
  package var secondsReading: Double
  package var secondsPreconditioning: Double
  package var secondsIterating: Double

  package init(
    tiles: String, rank: Int = 0, traceLeft: Double = 1, products: Int = 0, refinements: Int = 0,
    secondsReading: Double = 0, secondsPreconditioning: Double = 0, secondsIterating: Double = 0
  ) {
    self.tiles = tiles
    self.rank = rank
    self.traceLeft = traceLeft
    self.products = products
    self.refinements = refinements
    self.secondsReading = secondsReading
    self.secondsPreconditioning = secondsPreconditioning
    self.secondsIterating = secondsIterating
  }
}
