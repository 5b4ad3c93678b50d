import Assembly
import DistributedAlgebra
import Dynamics
import Failures
import Jobs
import MessagePassing
import Results
import Solve

// What a run finds of each of its kernels, one after the other, each kept in the summary at once.

extension RunPipeline {
  /// All eigenvalues of every kernel, and of the centred ones where asked. Collective.
  package func spectra(
    _ store: KernelStore, _ context: BLACSContext, imageShape shape: [Int]
  ) throws {
    let section = job.spectrum ?? SpectrumSection()
    let stage = SpectrumStage(
      run: run, store: store, assignment: assignment, ranks: ranks, context: context,
      console: console, section: section)
    let subjects = assignment.variants.indices.flatMap { variant in
      assignment.kernels.flatMap { kernel in
        (section.centred ? [false, true] : [false]).map {
          SpectrumSubject(assignment, variant: variant, kernel: kernel, isCentred: $0)
        }
      }
    }
    var hasKnown = false
    for subject in subjects {
      let known = try isKnown(subject.variant, subject.kernel) {
        request.resume
          && $0[keyPath: subject.place].map {
            $0.eigenvectors == min(stage.vectors(of: subject), $0.n)
              && ($0.precision ?? "f64") == section.precision.rawValue
          } ?? false
      }
      if known {
        hasKnown = true
        try ranks.onRoot {
          guard let before = summary[subject.variant, subject.kernel]?[keyPath: subject.place]
          else { return }
          let now = try stage.completed(before, subject)
          update(subject.variant, subject.kernel) { $0[keyPath: subject.place] = now }
          summary.addTheory(assignment, subject.variant, imageShape: shape)
        }
        continue
      }
      let result = try stage.perform(subject)
      try ranks.onRoot {
        update(subject.variant, subject.kernel) { $0[keyPath: subject.place] = result }
        summary.addTheory(assignment, subject.variant, imageShape: shape)
        try summary.write(run)
        try events.add(
          "spectrum",
          [
            "variant": .text(subject.variantName), "kernel": .text(subject.stem),
            "seconds": .number(result.secondsSolving),
          ])
        console.say(ResultLines.line(result, subject.label))
      }
      try stage.state(subject).remove()
    }
    // With what was completed of spectra that were known.
    if hasKnown { try ranks.onRoot { try summary.write(run) } }
  }

  /// Kernel regression with every kernel. Collective.
  package func predictions(
    _ section: PredictionSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let stage = PredictionStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks,
      context: context, console: console, section: section)
    var solved = 0
    var failure: String?
    try forEachKernel("prediction", \.prediction) { known in
      let isAnswer = known.answers(section, data.classes)
      if isAnswer { solved += 1 }
      return isAnswer
    } perform: { variant, kernel in
      try stage.perform(variant: variant, kernel: kernel)
    } report: { result, label in
      solved += result.regularizations.count { $0.failure == nil }
      failure = failure ?? result.regularizations.lazy.compactMap(\.failure).first
      return ResultLines.lines(result, label)
    }
    if solved == 0, let failure {
      try ranks.agree { throw Refusal(.badData, failure) }
    }
  }

  /// Training in function space with every kernel. Collective.
  package func training(
    _ section: TrainingSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let hasEigenvectors = job.spectrum?.vectors == .all
    let stage = TrainingStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks, context: context,
      console: console, hasEigenvectors: hasEigenvectors, section: section)
    try forEachKernel("training", \.training) {
      $0.answers(section, data.classes, hasEigenvectors: hasEigenvectors)
    } perform: { variant, kernel in
      let spectrum = try self.spectrum(variant, kernel)
      if hasEigenvectors {
        try require(spectrum, data.trainCount, variant, kernel, for: "training")
      }
      return try stage.perform(variant: variant, kernel: kernel, spectrum: spectrum?.extent)
    } report: { result, label in
      ResultLines.lines(result, label)
    }
  }

  /// The targets in every kernel's eigenvectors. Collective.
  package func alignment(
    _ section: AlignmentSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let stage = AlignmentStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks, context: context,
      console: console, section: section)
    let wanted = min(job.spectrum?.leadingVectors ?? 0, data.trainCount)
    try forEachKernel("alignment", \.alignment) {
      $0.answers(
        section, data.classes, vectors: wanted, kernels: assignment.kernels.count)
    } perform: { variant, kernel in
      let spectrum = try self.spectrum(variant, kernel)
      try require(spectrum, wanted, variant, kernel, for: "alignment")
      var cosine: Double?
      for other in assignment.kernels where ranks.isRoot && other != kernel {
        cosine = self.summary[variant, other]?.alignment?.cosine
      }
      let known = try ranks.world.broadcast([cosine ?? .nan])[0]
      return try stage.perform(
        variant: variant, kernel: kernel, vectors: wanted, cosine: known.isNaN ? nil : known)
    } report: { result, label in
      ResultLines.lines(result, label)
    }
  }

  /// A kernel's spectrum as the summary has it, on all ranks; nil where it has none. Collective.
  private func spectrum(
    _ variant: Int, _ kernel: KernelKind
  ) throws -> (eigenvectors: Int, extent: KernelExtent)? {
    var words: [Double] = []
    if ranks.isRoot, let found = summary[variant, kernel]?.spectrum {
      words = [
        Double(found.eigenvectors), found.trace, max(found.lambdaMin, 0),
        max(found.lambdaMax, found.lambdaMin, 0),
      ]
    }
    words = try ranks.world.broadcast(words)
    guard !words.isEmpty else { return nil }
    return (Int(words[0]), KernelExtent(trace: words[1], range: words[2]...words[3]))
  }

  /// Throws, on all ranks, where a kernel's spectrum is not there with so many eigenvectors. Collective.
  private func require(
    _ spectrum: (eigenvectors: Int, extent: KernelExtent)?, _ count: Int, _ variant: Int,
    _ kernel: KernelKind, for section: String
  ) throws {
    try ranks.agree {
      guard spectrum?.eigenvectors != count else { return }
      throw Refusal(
        .missingInput,
        "\(section) goes by \(count) eigenvectors of \(assignment.label(variant, kernel)), and the "
          + "run has \(spectrum?.eigenvectors ?? 0); run `ntk-dist spectrum` with this job first")
    }
  }

  /// Performs a stage for every kernel of every variant whose result is not there yet, and tells and
  /// keeps what comes out. Collective.
  private func forEachKernel<Result>(
    _ event: String, _ place: WritableKeyPath<Summary.KernelSummary, Result?>,
    answers: (Result) -> Bool,
    perform: (_ variant: Int, _ kernel: KernelKind) throws -> Result,
    report: (Result, _ label: String) -> [String]
  ) throws {
    for variant in assignment.variants.indices {
      for kernel in assignment.kernels {
        let known = try isKnown(variant, kernel) {
          request.resume && $0[keyPath: place].map(answers) ?? false
        }
        if known { continue }
        let start = MPIEnvironment.seconds
        let result = try perform(variant, kernel)
        let lines = report(result, assignment.label(variant, kernel))
        try ranks.onRoot {
          update(variant, kernel) { $0[keyPath: place] = result }
          try summary.write(run)
          try events.add(
            event,
            [
              "variant": .text(assignment.variants[variant].name),
              "kernel": .text(kernel.rawValue),
              "seconds": .number(MPIEnvironment.seconds - start),
            ])
          for line in lines { console.say(line) }
        }
      }
    }
  }

  /// Whether a result is in the summary already, as rank 0 sees it. Collective.
  private func isKnown(
    _ variant: Int, _ kernel: KernelKind, _ test: (Summary.KernelSummary) -> Bool
  ) throws -> Bool {
    let known = ranks.isRoot && summary[variant, kernel].map(test) ?? false
    return try ranks.world.broadcast([known ? UInt8(1) : 0])[0] == 1
  }

  private func update(
    _ variant: Int, _ kernel: KernelKind, _ change: (inout Summary.KernelSummary) -> Void
  ) {
    var value = summary[variant, kernel] ?? Summary.KernelSummary()
    change(&value)
    summary[variant, kernel] = value
  }
}
