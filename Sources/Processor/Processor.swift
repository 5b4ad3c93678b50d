import CProcess
import CProcessor
import CVector
import Failures

/// The processor of this machine.
public enum Processor {
  /// The names of the instruction sets that the recursion core may use but this processor does not have.
  public static var missing: [String] { names(of: ntk_missing_instruction_sets(required)) }

  /// Checks that the recursion core can run here. Local.
  ///
  /// - Throws: `UnsupportedProcessor` if an instruction set is missing.
  public static func check() throws(UnsupportedProcessor) {
    let missing = missing
    if !missing.isEmpty { throw UnsupportedProcessor(missing: missing) }
  }

  /// The level (v2, v3 or v4) of this build of an installed program, as used in `NTK_DIST_ISA`; nil
  /// for a program that was built for a single processor.
  package static var level: String? {
    let march = String(cString: ntk_march())
    return march.hasPrefix("x86-64-v") ? String(march.dropFirst("x86-64-".count)) : nil
  }

  /// One bit for each instruction set that the core was compiled for.
  package static var required: UInt32 { ntk_vector_instruction_sets() }

  /// The widest vector instructions that the core was compiled for, such as `AVX-512`.
  package static var vectors: String {
    let names = names(of: required)
    let known = [("avx512f", "AVX-512"), ("avx2", "AVX2"), ("avx", "AVX"), ("sse4.2", "SSE4.2")]
    return known.first { names.contains($0.0) }?.1 ?? (names.isEmpty ? "NEON" : "SSE2")
  }

  /// The names of instruction sets given as bits.
  package static func names(of sets: UInt32) -> [String] {
    (0..<UInt32.bitWidth).compactMap { bit in
      guard sets >> UInt32(bit) & 1 == 1, let name = ntk_instruction_set_name(Int32(bit)) else {
        return nil
      }
      return String(cString: name)
    }
  }
}

/// The error for a program that was built for instruction sets that this processor does not have.
public struct UnsupportedProcessor: Failure, Equatable {
  /// The names of the missing instruction sets.
  public let missing: [String]

  package init(missing: [String]) { self.missing = missing }

  /// A resource of the machine is missing.
  public var kind: FailureKind { .resource }

  /// The error as one sentence.
  public var description: String {
    let listed = missing.prefix(3).joined(separator: ", ")
    let more = missing.count > 3 ? " and \(missing.count - 3) more instruction sets" : ""
    return "the program was built for another kind of processor; this one lacks \(listed)\(more); "
      + "build it on this machine, or with `make dist`, which makes a program for x86-64-v2 and newer"
  }
}
