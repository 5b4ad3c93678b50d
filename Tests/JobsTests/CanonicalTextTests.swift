import Jobs
import RecursionCore
import Testing

@Suite struct CanonicalTextTests {
  private func canonical(_ network: String) throws -> String {
    try readNetwork(network).variants[0].canonicalText
  }

  @Test("the text of a network does not change")
  func fixedTexts() throws {
    #expect(
      try canonical("{preset: fcn, depth: 3, bias_variance: 0.05}")
        == "flatten; 3 x {dense(bias_variance=0.05, weight_variance=2.0); relu}; "
        + "dense(bias_variance=0.05, weight_variance=2.0)")
    #expect(
      try canonical(
        "[{residual: {shortcut: [], main: [relu, {pool: {window: [2, 1], edges: true}}]}}, "
          + "{concatenate: {branches: [[erf], []]}}, {q: {f: tanh, x: 1e-7, v: 0.1, z: '5'}}]")
        == "residual(main={relu; pool(edges=true, window=[2.0, 1.0])}, shortcut={}); "
        + "concatenate(branches=[{erf}, {}]); q(f=tanh, v=0.1, x=1e-07, z=\"5\")")
  }

  @Test("a network has one text, however it is written")
  func oneText() throws {
    let d = "{dense: {weight_variance: 2, bias_variance: 0.1}}"
    let turned = "{dense: {bias_variance: 1e-1, weight_variance: 2.0}}"
    let forms = [
      "{preset: fcn, depth: 4, weight_variance: 2, bias_variance: 0.1}",
      "[flatten, {repeat: {count: 4, layers: [\(turned), {relu: {}}]}}, \(d)]",
      "[{flatten: }, {repeat: {layers: [{repeat: {count: 2, layers: [\(turned), relu]}}], "
        + "count: 2}}, {repeat: {count: 0, layers: [erf]}}, \(d)]",
      "[flatten, \(d), relu, {repeat: {count: 3, layers: [\(turned), relu]}}, \(d)]",
    ]
    let texts = try Set(forms.map(canonical))
    #expect(texts.count == 1, "\(texts)")
    #expect(try canonical("[{erf: {shift: -0.0}}]") == canonical("[{erf: {shift: 0}}]"))
  }

  @Test("networks that differ have texts that differ")
  func differentTexts() throws {
    let networks = [
      "[relu]", "[relu, relu]", "[{relu: {x: 1}}]", "[{relu: {x: '1'}}]", "[{relu: {x: [1]}}]",
      "[{relu: {x: true}}]", "[{relu: {x: 'true'}}]", "[{relu: {x: 1.0000000000000002}}]",
      "['relu; relu']", "['relu(x=1.0)']", "['2 x {relu}']", "[{relu: {layers: []}}]",
      "[{relu: {branches: []}}]", "[{relu: {branches: [[]]}}]", "[{relu: {x: []}}]",
      "[{relu: {main: [a, b]}}]", "[{relu: {main: ['a; b']}}]", "[relu, erf]", "[erf, relu]",
      "[relu, {repeat: {count: 2, layers: [erf, relu]}}]",
      "[relu, {repeat: {count: 3, layers: [erf, relu]}}]",
      "[{repeat: {count: -1, layers: [relu]}}]", "[{repeat: {count: 1.5, layers: [relu]}}]",
      "[{repeat: {count: 2, layers: [relu], x: 1}}]",
      "[{relu: {'a=b': c}}]", "[{relu: {a: b=c}}]",
    ]
    let texts = try networks.map(canonical)
    #expect(Set(texts).count == texts.count, "\(texts)")
  }

  @Test("folding keeps random networks as they are", arguments: 0..<200)
  func randomNetworks(seed: Int) throws {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state >> 33) % bound
    }
    func layers(_ nesting: Int) -> [LayerDescription] {
      (0..<next(7)).map { _ in
        if nesting < 3, next(3) == 0 {
          return LayerDescription(
            "repeat",
            [
              .init("count", .number(Double(next(4)))),
              .init("layers", .layers(layers(nesting + 1))),
            ])
        }
        if nesting < 3, next(6) == 0 {
          return LayerDescription("residual", [.init("main", .layers(layers(nesting + 1)))])
        }
        return next(3) == 0
          ? dense(Double(next(2)), 0.5) : LayerDescription(["relu", "erf"][next(2)])
      }
    }
    let variant = Variant(name: "", layers: layers(0) + [LayerDescription("flatten")])
    let again = try JobFile(yaml: variant.yaml()).network().variants[0]
    #expect(unrolled(again.layers) == unrolled(variant.layers))
    #expect(again.canonicalText == variant.canonicalText)
    let flat = Variant(name: "", layers: unrolled(variant.layers))
    #expect(flat.canonicalText == variant.canonicalText)
  }

  @Test("a repeat too long to write out keeps its text, and a deep network has a short one")
  func longNetworks() throws {
    func times(_ count: Double, _ layers: [LayerDescription]) -> LayerDescription {
      LayerDescription(
        "repeat", [.init("count", .number(count)), .init("layers", .layers(layers))])
    }
    func text(_ first: LayerDescription) -> String {
      Variant(name: "", layers: [first, LayerDescription("flatten")]).canonicalText
    }
    #expect(
      text(times(1e9, [times(1e9, [LayerDescription("relu")])]))
        == "1000000000 x {1000000000 x {relu}}; flatten")
    #expect(text(times(1e15, [])) == "1000000000000000 x {}; flatten")
    #expect(text(times(1e6, [])) == "flatten")
    #expect(
      try canonical("{preset: fcn, depth: 100000}")
        == "flatten; 100000 x {dense(bias_variance=0.0, weight_variance=2.0); relu}; "
        + "dense(bias_variance=0.0, weight_variance=2.0)")
  }
}
