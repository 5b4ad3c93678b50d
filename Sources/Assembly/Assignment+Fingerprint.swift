import Datasets
import Features
import Processor
import RecursionCore
import TileStore

// What the bytes of an assignment's tiles depend on.

extension Assignment {
  /// The fingerprint of what the tiles of a variant are computed from.
  ///
  /// - Parameter digest: the digest of the images or matrices; nil if these were not read.
  package func fingerprint(variant: Int, data: DataOutline, digest: UInt64?) -> Fingerprint {
    switch origin {
    case .networks(let work):
      return fingerprint(of: work, variant: variant, data: data, digest: digest)
    case .kernel(let files):
      var fingerprint = Fingerprint([
        "format": "1", "kernel": "given", "train": "\(data.trainCount)",
        "test": "\(data.testCount)",
        KernelFiles.elementsField: files.elements,
      ])
      fingerprint[digestField] = digest.map { String($0, radix: 16) }
      return fingerprint
    case .features(let work):
      var fingerprint = Fingerprint([
        "format": "1", "kernel": "features", "features": work.section.canonicalText,
        "train": "\(data.trainCount)", "test": "\(data.testCount)", "precision": precision.rawValue,
        "panel": "\(PanelPlan.width)",
      ])
      fingerprint["chunks"] = work.chunks(ofVariant: variant).map {
        $0.map { "\($0)" }.joined(separator: " ")
      }
      fingerprint[digestField] = digest.map { String($0, radix: 16) }
      return fingerprint
    }
  }

  /// The digest of what a variant's results depend on, in hexadecimal. Equal for machines with different instruction
  /// sets, whose results differ only by rounding.
  package func origin(variant: Int, data: DataOutline, digest: UInt64) -> String {
    var fingerprint = fingerprint(variant: variant, data: data, digest: digest)
    fingerprint["NTK_DIST_ISA"] = nil
    fingerprint["storage"] = storage.rawValue
    var own = ImageDigest()
    for field in fingerprint.fields { own.take("\(field.name)=\(field.value)\n") }
    return String(own.value, radix: 16)
  }

  /// The field of a fingerprint that holds the digest of the images or matrices.
  var digestField: String { networks == nil ? "matrices" : "images" }

  private func fingerprint(
    of work: NetworkWork, variant: Int, data: DataOutline, digest: UInt64?
  ) -> Fingerprint {
    var fingerprint = Fingerprint([
      "format": "1",
      "network": variants[variant].text,
      "preprocessing": preprocessing,
      "train": "\(data.trainCount)",
      "test": "\(data.testCount)",
      "precision": precision.rawValue,
    ])
    // A field without a value is left out, so that the fingerprints of older stores stay valid. The
    // instruction set is part of the fingerprint because sums over vectors of another length round differently.
    fingerprint["NTK_DIST_ISA"] = Processor.level
    if work.average.flip { fingerprint["mirror average"] = "yes" }
    if work.average.shift > 0 { fingerprint["shift average"] = "\(work.average.shift)" }
    fingerprint[digestField] = digest.map { String($0, radix: 16) }
    fingerprint["labels"] = String(data.labelDigest, radix: 16)
    return fingerprint
  }
}
