/// The age of the processors that a set of OpenBLAS kernels was written for.
package enum BLASKernels {
  /// Instruction sets of x86 processors, from old to new.
  package enum Age: Int, Comparable {
    /// SSE2 and SSE3.
    case sse2
    /// SSE4 and AVX, without fused products.
    case sse4
    case avx2
    case avx512

    package static func < (a: Age, b: Age) -> Bool { a.rawValue < b.rawValue }
  }

  /// The age of kernels, given OpenBLAS's name for them; nil for unknown names, such as those of
  /// other kinds of processors.
  package static func age(of name: String) -> Age? {
    switch name.lowercased() {
    case "generic", "prescott", "katmai", "coppermine", "northwood", "banias", "core2", "atom",
      "nano",
      "athlon", "opteron", "opteron_sse3", "unknown":
      .sse2
    case "penryn", "dunnington", "nehalem", "sandybridge", "barcelona", "bobcat", "bulldozer",
      "piledriver", "steamroller":
      .sse4
    case "haswell", "zen", "excavator": .avx2
    case "skylakex", "cooperlake", "sapphirerapids": .avx512
    default: nil
    }
  }

  /// The age that the recursion core was compiled for, derived from the instruction sets that it
  /// needs; nil if it was not compiled for an x86 processor.
  package static func age(ofCore sets: [String]) -> Age? {
    if sets.contains("avx512f") { return .avx512 }
    if sets.contains("avx2") { return .avx2 }
    return sets.contains("sse4.2") ? .sse4 : sets.isEmpty ? nil : .sse2
  }

  /// The kernels to request with OPENBLAS_CORETYPE on processors of this age.
  package static func name(for age: Age) -> String {
    switch age {
    case .sse2: "Prescott"
    case .sse4: "Nehalem"
    case .avx2: "Haswell"
    case .avx512: "SkylakeX"
    }
  }
}
