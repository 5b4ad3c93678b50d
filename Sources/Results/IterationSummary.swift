/// How preconditioned conjugate gradients went, for all regularizations of a kernel.
package struct IterationSummary: Codable, Equatable {
  /// Where the kernel was while it was multiplied: f32, f64 or store.
  package var tiles: String
  /// Columns of the preconditioner.
  package var rank: Int
  /// What of the kernel's trace it leaves.
  package var traceLeft: Double
  /// Products with the kernel.
  package var products: Int
  /// Exact residuals, from each of which the iteration began anew.
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
