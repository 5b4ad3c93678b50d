import Foundation
import JobDocuments
import Jobs
import RecursionCore
import Testing

/// Reads a file that holds a network alone.
func readNetwork(_ network: String) throws(JobError) -> NetworkSection {
  try JobFile(yaml: "network: \(network)", name: "network.yaml").network()
}

@Suite struct NetworkSectionTests {
  @Test("parameters of every type are read in the order written")
  func parameterTypes() throws {
    let layers = try readNetwork(
      """

        - convolution: {stride: [2, 1], filter: [3, 3], padding: same, bias_variance: 0.05}
        - average_pool: {normalize_edges: true, window: [2, 2]}
        - relu: {}
        - gelu:
        - repeat:
            count: 2
            layers:
              - residual: {main: [relu, dense], shortcut: []}
        - concatenate: {branches: [[relu], [erf, {dense: {width: 4}}], []]}
        - polynomial: {coefficients: []}
      """
    ).variants[0].layers
    let residual = LayerDescription(
      "residual",
      [
        .init("main", .layers([LayerDescription("relu"), LayerDescription("dense")])),
        .init("shortcut", .layers([])),
      ])
    let wide = LayerDescription("dense", [.init("width", .number(4))])
    #expect(
      layers == [
        LayerDescription(
          "convolution",
          [
            .init("stride", .numbers([2, 1])), .init("filter", .numbers([3, 3])),
            .init("padding", .word("same")), .init("bias_variance", .number(0.05)),
          ]),
        LayerDescription(
          "average_pool",
          [.init("normalize_edges", .flag(true)), .init("window", .numbers([2, 2]))]),
        LayerDescription("relu"), LayerDescription("gelu"),
        LayerDescription(
          "repeat", [.init("count", .number(2)), .init("layers", .layers([residual]))]),
        LayerDescription(
          "concatenate",
          [
            .init(
              "branches",
              .branches([[LayerDescription("relu")], [LayerDescription("erf"), wide], []]))
          ]),
        LayerDescription("polynomial", [.init("coefficients", .numbers([]))]),
      ])
  }

  @Test("a network is taken from a file of its own and from a complete job, and from nothing else")
  func networkFiles() throws {
    #expect(try readNetwork("[flatten, dense]").variants[0].layers.count == 2)
    let job = "{data: {synthetic: {}}, network: [flatten, relu, dense], output: o}"
    #expect(try JobFile(yaml: job).network().variants[0].layers.count == 3)
    for (text, kind) in [
      ("{network: [dense], netwrok: [dense]}", JobError.Mistake.unknownKey),
      ("{network: [dense], tile: 4}", .missingKey), ("{netwrk: [dense]}", .unknownKey),
      ("{output: o}", .missingKey), ("[dense]", .wrongType),
    ] {
      let error = #expect(throws: JobError.self) { try JobFile(yaml: text).network() }
      #expect(error?.mistake == kind, "\(text)")
    }
  }

  @Test("a list of numbers may hold null, and a layer of it is refused by its name")
  func openRanges() throws {
    let section = try readNetwork("[{slice: {rows: [1, null], columns: [~, -1]}}, flatten, dense]")
    let layer = section.variants[0].layers[0]
    #expect(
      layer.parameters == [
        .init("rows", .optionalNumbers([1, nil])), .init("columns", .optionalNumbers([nil, -1])),
      ])
    #expect(
      section.variants[0].canonicalText
        == "slice(columns=[null, -1.0], rows=[1.0, null]); flatten; dense")
    #expect(try JobFile(yaml: section.expandedYAML()).network() == section)
    let unknown = try readNetwork("[{unheard_of: {rows: [1, null]}}, flatten, dense]")
    let error = #expect(throws: NetworkError.self) {
      try Network(unknown.variants[0].layers, imageShape: [8, 8, 3])
    }
    #expect(error?.position == "layer 1 (unheard_of)", "\(error?.description ?? "")")
    #expect(error?.reason.hasPrefix("unknown layer") == true)
  }

  @Test("a matrix is told apart by each of its numbers, the two zeros being one")
  func matrices() throws {
    func text(_ values: [Double]) -> String {
      let matrix = PositionMatrix(path: "a.npy", rows: 4, columns: 4, values: values)
      let layer = LayerDescription("aggregate", [.init("adjacency", .matrix(matrix))])
      return NetworkSection(layers: [layer]).variants[0].canonicalText
    }
    var texts: Set<String> = []
    for bits in 0..<1 << 16 {
      texts.insert(text((0..<16).map { Double(bits >> $0 & 1) }))
    }
    #expect(texts.count == 1 << 16)
    let ones = [Double](repeating: 1, count: 16)
    var signs = ones
    (signs[3], signs[9]) = (-1, -1)
    #expect(text(signs) != text(ones))
    #expect(text([Double](repeating: -0.0, count: 16)) == text([Double](repeating: 0, count: 16)))
  }

  static let cases: [URL] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "../shared/conformance/cases").standardizedFileURL
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
  }()

  @Test(
    "every conformance network reads as Foundation's JSON parser reads it",
    .enabled(if: !cases.isEmpty, "the conformance cases are not beside the repository"),
    arguments: cases)
  func conformance(file: URL) throws {
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    let network = try #require(root["network"] as? [Any])
    let text = try JSONSerialization.data(
      withJSONObject: ["network": network], options: .sortedKeys)
    let section = try JobFile(yaml: String(decoding: text, as: UTF8.self)).network()
    let layers = section.variants[0].layers
    #expect(NSArray(array: layers.map(json)) == NSArray(array: network.map(withoutBareWords)))
    // And what is printed reads as the same network.
    let again = try JobFile(yaml: section.variants[0].yaml()).network().variants[0]
    #expect(unrolled(again.layers) == unrolled(layers))
    #expect(again.canonicalText == section.variants[0].canonicalText)
  }
}

/// A layer as JSON holds it, without its order.
private func json(_ layer: LayerDescription) -> Any {
  let pairs = layer.parameters.map { ($0.name, json($0.value)) }
  return [layer.name: Dictionary(pairs) { first, _ in first }]
}

private func json(_ value: ParameterValue) -> Any {
  switch value {
  case .number(let number): number
  case .word(let word): word
  case .flag(let flag): flag
  case .numbers(let numbers): numbers
  case .optionalNumbers(let numbers): numbers.map { $0.map { $0 as Any } ?? NSNull() }
  case .layers(let layers): layers.map(json)
  case .branches(let branches): branches.map { $0.map(json) }
  case .matrix(let matrix): matrix.path
  }
}

/// A JSON layer with every bare word, there or in lists within, as a layer without parameters.
private func withoutBareWords(_ layer: Any) -> Any {
  if let word = layer as? String { return [word: [String: Any]()] }
  guard let mapping = layer as? [String: [String: Any]] else { return layer }
  return mapping.mapValues { parameters in
    Dictionary(
      uniqueKeysWithValues: parameters.map { key, value in
        guard let list = value as? [Any] else { return (key, value) }
        switch key {
        case "layers", "main", "shortcut": return (key, list.map(withoutBareWords))
        case "branches":
          return (key, list.map { (($0 as? [Any]) ?? []).map(withoutBareWords) })
        default: return (key, value)
        }
      })
  }
}

/// The layers with every `repeat` written out, at any level; the tests' own reference.
func unrolled(_ layers: [LayerDescription]) -> [LayerDescription] {
  layers.flatMap { layer -> [LayerDescription] in
    var layer = layer
    for index in layer.parameters.indices {
      switch layer.parameters[index].value {
      case .layers(let inner): layer.parameters[index].value = .layers(unrolled(inner))
      case .branches(let inner): layer.parameters[index].value = .branches(inner.map(unrolled))
      default: break
      }
    }
    guard layer.name == "repeat", case .number(let count) = layer.parameters[0].value,
      case .layers(let body) = layer.parameters[1].value
    else { return [layer] }
    return (0..<Int(count)).flatMap { _ in body }
  }
}
