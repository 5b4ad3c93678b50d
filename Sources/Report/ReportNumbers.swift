import Foundation
import Results

/// A number for tables and captions, with five significant digits.
package func reportNumber(_ value: Double?) -> String {
  value.map { String(format: "%.5g", $0) } ?? "–"
}

/// A fraction as a percentage.
package func reportPercent(_ value: Double?) -> String {
  value.map { String(format: "%.2f %%", $0 * 100) } ?? "–"
}

/// A duration; a dash if there is none.
func reportTime(_ seconds: Double?) -> String { seconds.map { readable(seconds: $0) } ?? "–" }

/// A sentence for a caption if not everything is drawn; empty otherwise.
func omittedText(_ shown: Int, of all: Int, _ what: String = "variants") -> String {
  shown < all ? " \(shown) of \(all) \(what) are shown." : ""
}

extension Summary.KernelSummary {
  /// lambda_max / lambda_min. If rounding makes the kernel's own lambda_min useless, the lambda_min
  /// of the centered kernel is used. nil if neither is known.
  package var conditionNumber: Double? {
    if let known = spectrum?.conditionNumber { return known }
    guard let spectrum, let centred = centredSpectrum, centred.lambdaMin > centred.noiseFloor else {
      return nil
    }
    return spectrum.lambdaMax / centred.lambdaMin
  }
}
