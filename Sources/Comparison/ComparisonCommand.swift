import Failures
import MessagePassing
import RankProgram
import Report
import Results
import TileStore

/// `ntk-dist compare RUN RUN ...`: shows how the kernels of several runs differ, over all ranks.
package struct ComparisonCommand {
  private let request: ComparisonRequest
  private let ranks: Ranks
  private let console: Console

  package init(_ request: ComparisonRequest, ranks: Ranks) {
    self.request = request
    self.ranks = ranks
    console = Console(isOpen: ranks.isRoot, progress: .auto)
  }

  /// Compares the kernels and writes the page.
  ///
  /// Collective. Errors: runs that cannot be read or are of different sizes, a folder with other files,
  /// damaged tiles or eigenvectors.
  package func perform() throws {
    let folder = ComparisonFolder(request.output)
    var records: [RunRecord] = []
    var chosen: [ComparedKernel] = []
    try ranks.onRoot {
      records = try request.runs.map { try RunRecord(RunFolder($0)) }
      chosen = try KernelChoice(request: request).kernels(of: records)
    }
    let kernels = try ranks.shared(chosen)
    let arrays = try ranks.agree { try kernels.map { try $0.array() } }
    try requireSameOrder(arrays, kernels)
    // This comes before the work, which may take long.
    try ranks.onRoot { try folder.claim(overwrites: request.overwrites) }
    let outcome = try SimilarityStage(arrays: arrays, ranks: ranks, console: console).perform()
    let n = arrays[0].spec.grid.n
    let withVectors = kernels.indices.filter { kernels[$0].vectors != nil }
    let spaces =
      withVectors.count < 2
      ? []
      : try EigenspaceStage(
        paths: withVectors.compactMap { kernels[$0].vectors }, n: n, limit: request.vectors,
        ranks: ranks
      ).perform()
    try ranks.onRoot {
      let runs = zip(records, zip(kernels, arrays)).map {
        ComparedRun(record: $0, kernel: $1.0, array: $1.1)
      }
      let found = record(runs, outcome, spaces, withVectors)
      let plots = ComparisonFigures(record: found, curves: runs.map(\.curves)).plots
      let written = try folder.write(found, plots)
      tell(found, written.problems)
      let pictures = "\(written.count) figure" + (written.count == 1 ? "" : "s")
      console.say("")
      console.say("report in \(folder.page) (\(pictures))")
    }
  }

  private func tell(_ found: ComparisonRecord, _ problems: [String]) {
    for line in ComparisonLines.lines(found) { console.say(line) }
    if !found.notes.isEmpty { console.say("") }
    for note in found.notes { console.say(note) }
    for problem in problems { console.warn(problem) }
  }

  private func requireSameOrder(
    _ arrays: [TileArray], _ kernels: [ComparedKernel]
  ) throws(CollectiveFailure) {
    let orders = arrays.map(\.spec.grid.n)
    guard let other = orders.firstIndex(where: { $0 != orders[0] }) else { return }
    throw CollectiveFailure(
      onAllRanks: Refusal(
        .badData,
        "\(kernels[0].run) has \(orders[0]) training images and \(kernels[other].run) has "
          + "\(orders[other]); only kernels of the same images can be compared"))
  }

  private func record(
    _ runs: [ComparedRun], _ outcome: SimilarityStage.Outcome,
    _ spaces: [EigenspaceStage.Outcome], _ withVectors: [Int]
  ) -> ComparisonRecord {
    var pairs = zip(KernelPairs(of: runs.count).all, outcome.similarities).map {
      ComparisonRecord.Pair(
        first: $0.first, second: $0.second, cosine: $1.cosine, distance: $1.distance,
        centredCosine: $1.centredCosine, centredDistance: $1.centredDistance)
    }
    for space in spaces {
      let (first, second) = (withVectors[space.pair.first], withVectors[space.pair.second])
      for place in pairs.indices
      where pairs[place].first == first && pairs[place].second == second {
        pairs[place].overlaps = space.overlaps.map { .init(eigenvectors: $0, overlap: $1) }
        pairs[place].angles = space.angles
      }
    }
    let kernels = runs.enumerated().map {
      $1.figures(norm: outcome.norms[$0], centredNorm: outcome.centredNorms[$0])
    }
    // Read the curves before the notes are made, because only then it is known which files cannot be read.
    for run in runs { _ = run.curves }
    return ComparisonRecord(
      n: runs[0].array.spec.grid.n, kernels: kernels, pairs: pairs, notes: ComparisonNotes.of(runs))
  }
}
