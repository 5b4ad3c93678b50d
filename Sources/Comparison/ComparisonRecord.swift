import Foundation
import Results

/// `comparison.json`: what was found of several kernels. docs/reference/outputs.md names the keys.
package struct ComparisonRecord: Codable, Equatable {
  /// The version of this file's format.
  package var format = 1
  /// The order of the kernels.
  package var n: Int
  package var kernels: [Kernel]
  package var pairs: [Pair]
  /// What could not be compared, in sentences.
  package var notes: [String]
  /// The names of the figures' files, without their extensions.
  package var figures: [String] = []

  /// One kernel, with what its run has found.
  package struct Kernel: Codable, Equatable {
    package var label: String
    package var run: String
    package var kernel: String
    package var variant: String
    package var storage: String
    package var tile: Int
    /// |A|, and |HAH| with H = I - 1 1'/n; absent for a constant kernel.
    package var norm: Double
    package var centredNorm: Double?
    /// Of the spectrum.
    package var lambdaMax: Double?
    package var lambdaMin: Double?
    package var bulkMedian: Double?
    package var conditionNumber: Double?
    package var trace: Double?
    package var eigenvectors: Int
    package var alignment: Double?
    package var participation: Double?
    /// The part of the targets within the leading eigenvectors, for 1, 2, 5, 10, ... of them.
    package var energies: [Energy]?
    /// At the regularization that stands for the prediction.
    package var regularization: Double?
    package var accuracy: Double?
    package var meanSquaredError: Double?
  }

  /// The part of the targets' squared norm in so many leading eigenvectors.
  package struct Energy: Codable, Equatable {
    package var eigenvectors: Int
    package var energy: Double
  }

  /// Two kernels, by their places in `kernels`.
  package struct Pair: Codable, Equatable {
    package var first: Int
    package var second: Int
    /// ⟨A, B⟩ / (|A| |B|), and 1 - that.
    package var cosine: Double
    package var distance: Double
    /// The same of HAH and HBH; absent where one is zero.
    package var centredCosine: Double?
    package var centredDistance: Double?
    /// |U'V|² / k of the k leading eigenvectors; absent, with the angles, without eigenvectors.
    package var overlaps: [Overlap]?
    /// Principal angles in radians of as many leading eigenvectors as both have, the smallest first.
    package var angles: [Double]?
  }

  /// How the spaces of so many leading eigenvectors overlap: from 0 to 1.
  package struct Overlap: Codable, Equatable {
    package var eigenvectors: Int
    package var overlap: Double
  }

  /// The names of a pair's kernels.
  func name(_ pair: Pair) -> String {
    "\(kernels[pair.first].label), \(kernels[pair.second].label)"
  }

  /// The record in a file's bytes; nil where it is none.
  static func read(_ bytes: [UInt8]) -> ComparisonRecord? {
    try? JSONText.value(ComparisonRecord.self, bytes)
  }
}
