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
  func spectra(
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
    for subject in subjects {
      let question = section.question(isCentred: subject.isCentred)
      let known = summary.figures[subject.variant, subject.kernel]?[keyPath: subject.place]
      if request.resume, known?.question == question { continue }
      var result = try stage.perform(subject)
      result.question = question
      try summary.keep(result, at: subject.place, subject.variant, subject.kernel) {
        $0.addTheory(assignment, subject.variant, imageShape: shape)
      }
      try ranks.onRoot {
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
  }

  /// Kernel regression with every kernel. Collective.
  func predictions(
    _ section: PredictionSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let stage = PredictionStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks,
      context: context, console: console, section: section)
    try forEachKernel("prediction", \.prediction, question: section.question, \.question) {
      variant, kernel in
      try stage.perform(variant: variant, kernel: kernel)
    } report: {
      ResultLines.lines($0, $1)
    }
    let results = summary.figures.variants.flatMap { variant in
      assignment.kernels.compactMap { variant[$0]?.prediction }.flatMap(\.regularizations)
    }
    try ranks.agree {
      if let failure = results.first?.failure, results.allSatisfy({ $0.failure != nil }) {
        throw Refusal(.badData, failure)
      }
    }
  }

  /// Training in function space with every kernel. Collective.
  func training(
    _ section: TrainingSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let hasEigenvectors = job.spectrum?.vectors == .all
    let stage = TrainingStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks, context: context,
      console: console, hasEigenvectors: hasEigenvectors, section: section)
    // Outputs to begin with are files, which may have changed.
    let question =
      section.initial == nil ? section.question(hasEigenvectors: hasEigenvectors) : nil
    try forEachKernel("training", \.training, question: question, \.question) {
      variant, kernel in
      let spectrum = summary.figures[variant, kernel]?.spectrum
      if hasEigenvectors {
        try require(spectrum, data.trainCount, variant, kernel, for: "training")
      }
      return try stage.perform(variant: variant, kernel: kernel, spectrum: spectrum?.extent)
    } report: {
      ResultLines.lines($0, $1)
    }
  }

  /// The targets in every kernel's eigenvectors. Collective.
  func alignment(
    _ section: AlignmentSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let stage = AlignmentStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks, context: context,
      console: console, section: section)
    let wanted = min(job.spectrum?.leadingVectors ?? 0, data.trainCount)
    let question = section.question(vectors: wanted, kernels: assignment.kernels)
    try forEachKernel("alignment", \.alignment, question: question, \.question) {
      variant, kernel in
      let spectrum = summary.figures[variant, kernel]?.spectrum
      try require(spectrum, wanted, variant, kernel, for: "alignment")
      let other = assignment.kernels.first { $0 != kernel }
      let cosine = other.flatMap { summary.figures[variant, $0]?.alignment?.cosine }
      return try stage.perform(
        variant: variant, kernel: kernel, vectors: wanted, cosine: cosine)
    } report: {
      ResultLines.lines($0, $1)
    }
  }

  /// Throws, on all ranks, where a kernel's spectrum is not there with so many eigenvectors. Collective.
  private func require(
    _ spectrum: SpectrumSummary?, _ count: Int, _ variant: Int,
    _ kernel: KernelKind, for section: String
  ) throws {
    try ranks.agree {
      guard spectrum?.eigenvectors != count else { return }
      throw Refusal(
        .missingInput,
        "\(section) needs \(count) eigenvectors of \(assignment.label(variant, kernel)), and the "
          + "run has \(spectrum?.eigenvectors ?? 0); run `ntk-dist spectrum` with this job first")
    }
  }

  /// Performs a stage for every kernel of every variant whose result is not there yet, and keeps and
  /// prints what comes out. Collective.
  ///
  /// - Parameters:
  ///   - question: what is asked; a result with the same question answers it. Nil for no such result.
  ///   - questionPlace: where a result keeps the question.
  private func forEachKernel<Result: Codable>(
    _ event: String, _ place: WritableKeyPath<Summary.KernelSummary, Result?>,
    question: String?, _ questionPlace: WritableKeyPath<Result, String?>,
    perform: (_ variant: Int, _ kernel: KernelKind) throws -> Result,
    report: (Result, _ label: String) -> [String]
  ) throws {
    for variant in assignment.variants.indices {
      for kernel in assignment.kernels {
        let known = summary.figures[variant, kernel]?[keyPath: place]
        if request.resume, let known, let question, known[keyPath: questionPlace] == question {
          continue
        }
        let label = assignment.label(variant, kernel)
        let spectrum = summary.figures[variant, kernel]?.spectrum
        if let warning = spectrum?.indefiniteWarning(
          label, run: run.path, isSingle: assignment.hasSingleElements)
        {
          console.warn(warning)
        }
        let start = MPIEnvironment.seconds
        var result = try perform(variant, kernel)
        result[keyPath: questionPlace] = question
        try summary.keep(result, at: place, variant, kernel)
        let lines = report(result, label)
        try ranks.onRoot {
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
}

extension SpectrumSummary {
  /// What the other stages need of it.
  fileprivate var extent: KernelExtent {
    KernelExtent(trace: trace, range: max(lambdaMin, 0)...max(lambdaMax, lambdaMin, 0))
  }
}
