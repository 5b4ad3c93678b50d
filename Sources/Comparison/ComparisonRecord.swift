import Foundation
import Results

/// `comparison.json`: the results of comparing several kernels. docs/reference/outputs.md lists the keys.
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

  /// One kernel with the results of its run.
  package struct Kernel: Codable, Equatable {
    package var label: String
    package var run: String
    package var kernel: String
    package var variant: String
    package var storage: String
    package var tile: Int
    /// |A|, and |HAH| with H = I - 1 1'/n; the latter is absent for a constant kernel.
    package var norm: Double
    package var centredNorm: Double?
    /// Figures of the spectrum.
    package var lambdaMax: Double?
    package var lambdaMin: Double?
    package var bulkMedian: Double?
    package var conditionNumber: Double?
    package var trace: Double?
    package var eigenvectors: Int
    package var alignment: Double?
    package var participation: Double?
    /// The fraction of the targets within the leading eigenvectors, for 1, 2, 5, 10, ... of them.
    package var energies: [Energy]?
    /// The results at the regularization that represents the prediction.
    package var regularization: Double?
    package var accuracy: Double?
    package var meanSquaredError: Double?
  }

  /// The fraction of the targets' squared norm within the leading `eigenvectors` eigenvectors.
  package struct Energy: Codable, Equatable {
    package var eigenvectors: Int
    package var energy: Double
  }

  /// Two kernels, given by their indices in `kernels`.
  package struct Pair: Codable, Equatable {
    package var first: Int
    package var second: Int
    /// ⟨A, B⟩ / (|A| |B|), and 1 minus this cosine.
    package var cosine: Double
    package var distance: Double
    /// The cosine and distance of HAH and HBH; absent if one of them is zero.
    package var centredCosine: Double?
    package var centredDistance: Double?
    /// |U'V|² / k for the k leading eigenvectors. This and the angles are absent without eigenvectors.
    package var overlaps: [Overlap]?
    /// The principal angles in radians, the smallest first, between as many leading eigenvectors as
    /// both kernels have.
    package var angles: [Double]?
  }

  /// The overlap of the spaces of the leading `eigenvectors` eigenvectors, from 0 to 1.
  package struct Overlap: Codable, Equatable {
    package var eigenvectors: Int
    package var overlap: Double
  }

  /// The names of the two kernels of a pair.
  func name(_ pair: Pair) -> String {
    "\(kernels[pair.first].label), \(kernels[pair.second].label)"
  }

  /// The record in the bytes of a file; nil if they are not a record.
  static func read(_ bytes: [UInt8]) -> ComparisonRecord? {
    try? JSONText.value(ComparisonRecord.self, bytes)
  }
}
