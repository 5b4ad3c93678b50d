import BlockCyclic
import Foundation
import Testing

/// The slow, obvious reference: deals the elements out one by one.
private struct Dealt {
  var owner: [Int] = []
  var local: [Int] = []
  var held: [[Int]]

  init(n: Int, nb: Int, nprocs: Int) {
    held = Array(repeating: [], count: nprocs)
    var process = 0
    var inBlock = 0
    for global in 0..<n {
      if inBlock == nb {
        process = (process + 1) % nprocs
        inBlock = 0
      }
      owner.append(process)
      local.append(held[process].count)
      held[process].append(global)
      inBlock += 1
    }
  }
}

@Suite struct DistributionTests {
  static let shapes: [(Int, Int, Int)] = [
    (0, 1, 1), (1, 1, 1), (1, 64, 4), (2, 1, 3), (3, 2, 2), (7, 3, 2), (11, 2, 3), (64, 64, 2),
    (65, 64, 2), (100, 7, 5), (128, 64, 1), (300, 64, 6),
  ]

  @Test("Every index agrees with elements dealt out one by one", arguments: shapes)
  func agreesWithDealing(n: Int, nb: Int, nprocs: Int) throws {
    let distribution = try Distribution(n: n, nb: nb, nprocs: nprocs)
    let dealt = Dealt(n: n, nb: nb, nprocs: nprocs)
    for process in 0..<nprocs {
      #expect(distribution.numroc(process) == dealt.held[process].count)
      for (local, global) in dealt.held[process].enumerated() {
        #expect(distribution.global(of: local, on: process) == global)
      }
    }
    for global in 0..<n {
      #expect(distribution.owner(of: global) == dealt.owner[global])
      #expect(distribution.local(of: global) == dealt.local[global])
    }
  }

  @Test("The local range of a global range holds exactly its elements", arguments: shapes)
  func localRanges(n: Int, nb: Int, nprocs: Int) throws {
    let distribution = try Distribution(n: n, nb: nb, nprocs: nprocs)
    let dealt = Dealt(n: n, nb: nb, nprocs: nprocs)
    let step = max(1, n / 9)
    for lower in stride(from: 0, through: n, by: step) {
      for upper in stride(from: lower, through: n, by: step) {
        for process in 0..<nprocs {
          let range = distribution.localRange(of: lower..<upper, on: process)
          #expect(
            dealt.held[process].filter { (lower..<upper).contains($0) }
              == range.map { distribution.global(of: $0, on: process) })
        }
      }
    }
  }

  @Test("The worked table of the README is what the code computes")
  func readmeTable() throws {
    let readme = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/BlockCyclic/README.md")
    let text = try String(contentsOf: readme, encoding: .utf8)
    let rows = text.split(separator: "\n").compactMap { line -> [Int]? in
      let cells = line.split(separator: "|").compactMap {
        Int($0.trimmingCharacters(in: .whitespaces))
      }
      return cells.count == 3 ? cells : nil
    }
    let distribution = try Distribution(n: 11, nb: 2, nprocs: 3)
    #expect(rows.count == 11)
    #expect(text.contains("is 4, 4 and 3"))
    #expect((0..<3).map(distribution.numroc) == [4, 4, 3])
    for row in rows {
      #expect(row[1] == distribution.owner(of: row[0]))
      #expect(row[2] == distribution.local(of: row[0]))
    }
  }

  @Test("Indices beyond 32 bits stay exact")
  func beyond32Bits() throws {
    let n = 5_000_000_001
    let distribution = try Distribution(n: n, nb: 64, nprocs: 3)
    let last = n - 1
    let process = distribution.owner(of: last)
    #expect(distribution.global(of: distribution.local(of: last), on: process) == last)
    #expect((0..<3).reduce(0) { $0 + distribution.numroc($1) } == n)
  }

  @Test("A block size of 0, a negative length and no process are refused by name")
  func refusals() {
    #expect(throws: BlockCyclicError.tooSmall(name: "the block size", value: 0, least: 1)) {
      try Distribution(n: 4, nb: 0, nprocs: 1)
    }
    #expect(throws: BlockCyclicError.tooSmall(name: "the number of elements", value: -1, least: 0))
    {
      try Distribution(n: -1, nb: 1, nprocs: 1)
    }
    #expect(throws: BlockCyclicError.tooSmall(name: "the number of processes", value: 0, least: 1))
    {
      try Distribution(n: 4, nb: 1, nprocs: 0)
    }
  }
}
