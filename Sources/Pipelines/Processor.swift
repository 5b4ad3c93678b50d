import BLAS
import CProcess

/// What this processor can do, and what OpenBLAS made of it.
public enum Processor {
  /// The core type that OpenBLAS should have chosen; nil where its own choice is right.
  public static var missedBLASCore: String? {
    let withoutAVX512 = ["Haswell", "Zen", "Prescott", "Nehalem", "Sandybridge"]
    return ntk_has_avx512() != 0 && withoutAVX512.contains(OpenBLAS.core) ? "SkylakeX" : nil
  }
}
