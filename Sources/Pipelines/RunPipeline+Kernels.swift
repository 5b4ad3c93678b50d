import Assembly
import DistributedAlgebra
import Dynamics
import Failures
import Jobs
import MessagePassing
import Results
import Solve

// The results of a run for each of its kernels, one after the other. Each result is written to the summary at once.

extension RunPipeline {
  /// Computes all eigenvalues of every kernel and, if requested, of the centered kernels. Collective.
  func spectra(_ section: SpectrumSection, _ setting: StageSetting) throws {
    let stage = SpectrumStage(section, setting)
    let isSingle = setting.data.trainCount < 2
    if section.centred && isSingle {
      console.warn(
        "the centered kernel of a single image has no eigenvalues, so that spectrum.centred has no effect"
      )
    }
    for subject in subjects(alsoCentred: section.centred && !isSingle) {
      let question = section.question(isCentred: subject.isCentred)
      if isAnswered(question, subject, subject.place) { continue }
      let result = try keep(
        try stage.perform(subject), question, subject, subject.place, event: "spectrum",
        seconds: \.secondsSolving
      ) {
        $0.addTheory(assignment, subject.variant, imageShape: setting.data.shape)
      } withdrawing: {
        // They followed from the previous spectrum, whose precision their questions do not name.
        if !subject.isCentred { ($0.generalization, $0.alignment) = (nil, nil) }
      } report: {
        [ResultLines.line($0, $1)]
      }
      warn(of: result, subject)
      try stage.state(subject).remove()
    }
  }

  /// Computes the spectral density of every kernel. Collective.
  func densities(_ section: DensitySection, _ setting: StageSetting) throws {
    let stage = DensityStage(section, setting)
    try forEachKernel("density", \.density, section.question, ResultLines.lines) {
      try stage.perform(
        variant: $0.variant, kernel: $0.kernel, hasSpectrum: spectrum(of: $0) != nil)
    }
  }

  /// Computes what the spectrum of every kernel predicts about learning. Collective.
  func generalization(_ request: GeneralizationRequest, _ setting: StageSetting) throws {
    let stage = GeneralizationStage(request, setting)
    func known(_ subject: SpectrumSubject) throws -> SpectrumSummary {
      try ranks.agree {
        guard let spectrum = spectrum(of: subject), spectrum.weights != nil else {
          throw Refusal(
            .missingInput,
            "generalization needs the spectrum of \(subject.label) with the targets' weights, and "
              + "the run does not have it; run `ntk-dist spectrum` with this job first")
        }
        return spectrum
      }
    }
    try forEachKernel(
      "generalization", \.generalization, request.question, ResultLines.lines,
      require: { _ = try known($0) }
    ) { subject in
      let found = try stage.perform(
        variant: subject.variant, kernel: subject.kernel, spectrum: try known(subject))
      if found.diagonalSpread > GeneralizationSummary.evenDiagonal {
        console.warn(
          "the diagonal of \(subject.label) varies by \(Int(found.diagonalSpread * 100)) % of its "
            + "mean, and generalized cross-validation takes it for constant; prediction.leave_one_out "
            + "does not")
      }
      return found
    }
  }

  /// Performs kernel regression with every kernel. Collective.
  func predictions(_ section: PredictionSection, _ setting: StageSetting) throws {
    let stage = PredictionStage(section, setting)
    try forEachKernel("prediction", \.prediction, section.question, ResultLines.lines) {
      try stage.perform(variant: $0.variant, kernel: $0.kernel)
    }
    for subject in subjects() {
      for ofValidation in [false, true] {
        try stage.state(
          variant: subject.variant, kernel: subject.kernel, ofValidation: ofValidation
        ).remove()
      }
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

  /// Performs training in function space with every kernel. Collective.
  func training(_ section: TrainingSection, _ setting: StageSetting) throws {
    let hasEigenvectors = job.spectrum?.vectors == .all
    let stage = TrainingStage(section, setting, hasEigenvectors: hasEigenvectors)
    // Initial outputs come from files, which may have changed.
    let question =
      section.initial == nil ? section.question(hasEigenvectors: hasEigenvectors) : nil
    try forEachKernel(
      "training", \.training, question, ResultLines.lines,
      require: {
        guard hasEigenvectors else { return }
        try require(setting.data.trainCount, $0, for: "training")
      }
    ) { subject in
      try stage.perform(
        variant: subject.variant, kernel: subject.kernel, spectrum: spectrum(of: subject)?.extent)
    }
  }

  /// Computes the alignment of the targets with the eigenvectors of every kernel. Collective.
  func alignment(_ section: AlignmentSection, _ setting: StageSetting) throws {
    let stage = AlignmentStage(section, setting)
    let wanted = min(job.spectrum?.leadingVectors ?? 0, setting.data.trainCount)
    let question = section.question(vectors: wanted, kernels: assignment.kernels)
    try forEachKernel(
      "alignment", \.alignment, question, ResultLines.lines,
      require: { try require(wanted, $0, for: "alignment") }
    ) { subject in
      let other = assignment.kernels.first { $0 != subject.kernel }
      let cosine = other.flatMap { summary.figures[subject.variant, $0]?.alignment?.cosine }
      return try stage.perform(
        variant: subject.variant, kernel: subject.kernel, vectors: wanted, cosine: cosine)
    }
  }

  /// Every kernel of every variant; if requested, each is followed by its centered kernel.
  private func subjects(alsoCentred: Bool = false) -> [SpectrumSubject] {
    assignment.variants.indices.flatMap { variant in
      assignment.kernels.flatMap { kernel in
        (alsoCentred ? [false, true] : [false]).map {
          SpectrumSubject(assignment, variant: variant, kernel: kernel, isCentred: $0)
        }
      }
    }
  }

  private func spectrum(of subject: SpectrumSubject) -> SpectrumSummary? {
    summary.figures[subject.variant, subject.kernel]?.spectrum
  }

  /// Throws, on all ranks, if the spectrum of a kernel does not exist with this number of
  /// eigenvectors. Collective.
  private func require(
    _ count: Int, _ subject: SpectrumSubject, for section: String
  ) throws {
    let spectrum = spectrum(of: subject)
    try ranks.agree {
      guard spectrum?.eigenvectors != count else { return }
      throw Refusal(
        .missingInput,
        "\(section) needs \(count) eigenvectors of \(subject.label), and the "
          + "run has \(spectrum?.eigenvectors ?? 0); run `ntk-dist spectrum` with this job first")
    }
  }

  /// Performs a stage for every kernel of every variant whose question has no answer yet. Stores
  /// and prints each result. Collective.
  ///
  /// - Parameter require: throws if something is missing, before an earlier result is withdrawn.
  private func forEachKernel<Result: Answer>(
    _ event: String, _ place: WritableKeyPath<Summary.KernelSummary, Result?>,
    _ question: String?, _ report: (Result, _ label: String) -> [String],
    require: (SpectrumSubject) throws -> Void = { _ in },
    perform: (SpectrumSubject) throws -> Result
  ) throws {
    for subject in subjects() where !isAnswered(question, subject, place) {
      if let spectrum = spectrum(of: subject) { warn(of: spectrum, subject) }
      try require(subject)
      try keep(try perform(subject), question, subject, place, event: event, report: report)
    }
  }

  /// Whether the run has a result that answers a question. The same on all ranks.
  private func isAnswered<Result: Answer>(
    _ question: String?, _ subject: SpectrumSubject,
    _ place: WritableKeyPath<Summary.KernelSummary, Result?>
  ) -> Bool {
    guard request.resume, let question else { return false }
    let known = summary.figures[subject.variant, subject.kernel]?[keyPath: place]
    return known?.question == question
  }

  /// Computes a result, stores it in the summary, records it and prints it. An earlier result is withdrawn first.
  /// Collective.
  ///
  /// - Parameters:
  ///   - seconds: the seconds of the result, for the event; nil for the whole time that computing it took.
  ///   - change: further changes of the summary, the same on all ranks.
  ///   - others: withdraws what followed from an earlier result.
  @discardableResult
  private func keep<Result: Answer>(
    _ find: @autoclosure () throws -> Result, _ question: String?, _ subject: SpectrumSubject,
    _ place: WritableKeyPath<Summary.KernelSummary, Result?>, event: String,
    seconds: KeyPath<Result, Double>? = nil, and change: (inout Summary) -> Void = { _ in },
    withdrawing others: (inout Summary.KernelSummary) -> Void = { _ in },
    report: (Result, _ label: String) -> [String]
  ) throws -> Result {
    let start = MPIEnvironment.seconds
    // An interruption may leave some of its files new and some of them old.
    try summary.withdraw(place, subject.variant, subject.kernel, and: others)
    var result = try find()
    result.question = question
    try summary.keep(result, at: place, subject.variant, subject.kernel, and: change)
    try ranks.onRoot {
      try events.add(
        event,
        [
          "variant": .text(subject.variantName), "kernel": .text(subject.stem),
          "seconds": .number(seconds.map { result[keyPath: $0] } ?? MPIEnvironment.seconds - start),
        ])
      for line in report(result, subject.label) { console.say(line) }
    }
    return result
  }

  /// Warns if a kernel has eigenvalues that no kernel can have.
  private func warn(of spectrum: SpectrumSummary, _ subject: SpectrumSubject) {
    let test = Indefiniteness(run, hasSingleElements: assignment.hasSingleElements)
    if let warning = test.warning(subject.label, spectrum) { console.warn(warning) }
  }
}

extension SpectrumSummary {
  /// The facts about the spectrum that the other stages need.
  fileprivate var extent: KernelExtent {
    KernelExtent(trace: trace, range: max(lambdaMin, 0)...max(lambdaMax, lambdaMin, 0))
  }
}
