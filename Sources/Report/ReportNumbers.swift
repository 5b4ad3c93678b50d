import Foundation
import Results

/// A number for tables and captions, with five digits.
package func reportNumber(_ value: Double?) -> String {
  value.map { String(format: "%.5g", $0) } ?? "–"
}

/// A part of one as a percentage.
package func reportPercent(_ value: Double?) -> String {
  value.map { String(format: "%.2f %%", $0 * 100) } ?? "–"
}

/// A duration; a dash where there is none.
func reportTime(_ seconds: Double?) -> String { seconds.map { readable(seconds: $0) } ?? "–" }

/// What a caption says where not all are drawn; empty where all are.
func omittedText(_ shown: Int, of all: Int, _ what: String = "variants") -> String {
  shown < all ? " \(shown) of \(all) \(what) are shown." : ""
}

extension Summary.KernelSummary {
  /// lambda_max / lambda_min, with the centred kernel's lambda_min where rounding has taken the kernel's
  /// own; nil where neither is known.
  package var conditionNumber: Double? {
    if let known = spectrum?.conditionNumber { return known }
    guard let spectrum, let centred = centredSpectrum, centred.lambdaMin > centred.noiseFloor else {
      return nil
    }
    return spectrum.lambdaMax / centred.lambdaMin
  }
}
