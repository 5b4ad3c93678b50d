import Datasets
import JobDocuments

/// A random draw, written as a mapping: a job's `data.train` or `data.test`.
struct Draw: Sendable {
  var count = 0
  var seed: UInt64?
  var isBalanced = false

  /// The seed of a balanced draw that gives no seed.
  private static let seed: UInt64 = 1

  static func keys(atLeast minimum: Int) -> SectionKeys<Draw> {
    SectionKeys([
      Key(
        "count", \.count, .count(atLeast: minimum),
        absent: .required("say how many images to draw"),
        "The number of images."),
      Key(
        "seed", optional: \.seed, .seed,
        absent: .words("the first images instead of a draw; \(seed) if balanced"),
        "The seed of the draw."),
      Key("balanced", \.isBalanced, .flag, "Whether every class is drawn equally often."),
    ])
  }

  var selection: Selection {
    guard let seed = seed ?? (isBalanced ? Self.seed : nil) else { return .first(count) }
    return .drawn(count: count, seed: seed, balanced: isBalanced)
  }
}

extension Form where Value == Selection {
  /// A count, `all`, or a random draw.
  static func selection(atLeast minimum: Int) -> Form {
    let count = Form<Int>.count(atLeast: minimum)
    let draw = Draw.keys(atLeast: minimum)
    let words = "\(count.words), 'all', or \(draw.words)"
    return Form(words: words, type: "\(count.type), `all`, or a mapping") {
      (item) throws(JobError) in
      if case .mapping = item.node.content {
        return try item.value(draw.form(from: Draw())).selection
      }
      if item.scalar == .word("all") { return .all }
      guard case .number = item.scalar else { throw item.wrongType(expected: words) }
      return .first(try item.value(count))
    } text: {
      switch $0 {
      case .all: .text("all")
      case .first(let number): count.text(number)
      case .drawn(let count, let seed, let balanced):
        draw.text(Draw(count: count, seed: seed, isBalanced: balanced))
      }
    }
  }
}

/// The parameters of ZCA: a job's `data.preprocessing.zca`.
struct ZCAParameters: Sendable {
  var regularization = 0.1

  static let keys = SectionKeys<ZCAParameters>([
    Key(
      "regularization", \.regularization, .number(atLeast: 0),
      "What is added to the eigenvalues of the covariance, in units of their mean.")
  ])
}

extension Form where Value == Preprocessing {
  /// A word, or `zca` with its parameters.
  static var preprocessing: Form {
    let known = ["none", "standardize", "unit_norm", "zca"]
    let zca = ZCAParameters.keys.form(from: ZCAParameters())
    let words = enumeration(known, "or") + ", or {zca: {regularization: 0.1}}"
    return Form(words: words) { (item) throws(JobError) in
      switch item.scalar {
      case .word("none"): return .none
      case .word("standardize"): return .standardize
      case .word("unit_norm"): return .unitNorm
      case .word("zca"): return .zca(regularization: ZCAParameters().regularization)
      case .word(let word): throw item.unknownWord(word, known)
      default:
        guard case .mapping = item.node.content else { throw item.wrongType(expected: words) }
        let parameters = try item.section(["zca"])
          .required("zca", "write {zca: {regularization: 0.1}} or a word")
        return .zca(regularization: try parameters.value(zca).regularization)
      }
    } text: {
      switch $0 {
      case .none: .text("none")
      case .standardize: .text("standardize")
      case .unitNorm: .text("unit_norm")
      case .zca(let regularization):
        .mapping([("zca", zca.text(ZCAParameters(regularization: regularization)))])
      }
    }
  }
}
