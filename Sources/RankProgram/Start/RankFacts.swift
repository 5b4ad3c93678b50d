import BLAS
import CProcess
import Foundation
import MessagePassing

/// Facts about the place where a rank runs, collected when it starts.
package struct RankFacts: Codable, Equatable {
  /// The name of the host of the rank.
  package var host: String
  /// The number of the node that the rank is on, counted from 0.
  package var node: Int
  /// The cores that the rank may run on.
  package var cores: [Int]
  /// The kernels that OpenBLAS uses, by OpenBLAS's name.
  package var kernels: String
  /// The bytes of memory that the rank may lock; nil without a limit.
  package var lockedBytes: Int?
  /// The bytes of address space that the rank may have (ulimit -v); nil without a limit.
  package var addressSpaceBytes: Int?
  /// Whether the host has InfiniBand, which needs locked memory.
  package var hasInfiniBand: Bool

  package init(
    host: String, node: Int, cores: [Int], kernels: String, lockedBytes: Int? = nil,
    addressSpaceBytes: Int? = nil, hasInfiniBand: Bool = false
  ) {
    (self.host, self.node, self.cores, self.kernels) = (host, node, cores, kernels)
    (self.lockedBytes, self.hasInfiniBand) = (lockedBytes, hasInfiniBand)
    self.addressSpaceBytes = addressSpaceBytes
  }

  /// The facts of this rank. Local.
  static func own(node: Int) -> RankFacts {
    let fabrics = try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/infiniband")
    return RankFacts(
      host: MPIEnvironment.processorName, node: node, cores: ownCores, kernels: OpenBLAS.kernels,
      lockedBytes: ntk_limit_locked() < 0 ? nil : Int(ntk_limit_locked()),
      addressSpaceBytes: ntk_limit_address_space() < 0 ? nil : Int(ntk_limit_address_space()),
      hasInfiniBand: fabrics?.isEmpty == false)
  }

  private static var ownCores: [Int] {
    var words = [UInt64](repeating: 0, count: 128)
    guard ntk_affinity(&words, Int32(words.count)) == 0 else {
      return Array(0..<ProcessInfo.processInfo.activeProcessorCount)
    }
    return words.indices.flatMap { word in
      (0..<64).filter { words[word] >> UInt64($0) & 1 == 1 }.map { 64 * word + $0 }
    }
  }
}
