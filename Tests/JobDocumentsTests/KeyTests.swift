import JobDocuments
import Testing

/// The keys of a made-up mapping, read, written and refused.
@Suite struct KeyTests {
  private struct Pot: Equatable {
    var volume = 1.5
    var lids = [Int]()
    var name: String?
    var color = Varying.one(1)
    var isFull = false
  }

  private static let keys = SectionKeys<Pot>([
    Key("volume", \.volume, .number(above: 0), unit: "liters", "Its volume."),
    Key(
      "lids", \.lids, .ascending(.count(atLeast: 1), "sizes", example: "[1, 2]"),
      absent: .required("say which lids fit"), "Its lids."),
    Key("name", optional: \.name, .path, absent: .words("none"), "Its name."),
    Key(
      "color", "colors", varying: \.color, .count(atLeast: 0), example: "[1, 2]", "Its color."),
    Key("full", \.isFull, .flag, "Whether it is full."),
  ])

  private func read(_ text: String, overrides: [String] = []) throws(JobError) -> Pot {
    var document = try YAMLDocument(yaml: text, name: "pot.yaml")
    for text in overrides { try Override(text).apply(to: &document.root) }
    return try Item(path: "", node: document.root).value(Self.keys.form(from: Pot()))
  }

  @Test("What is given is read, the rest is as in the beginning, and the text reads back")
  func reading() throws {
    #expect(try read("lids: [2, 3]") == Pot(lids: [2, 3]))
    for text in [
      "{lids: [1], name: a b, colors: [1, 4], full: true}",
      "{lids: [7], color: [0], volume: 1e-30}",
    ] {
      let pot = try read(text)
      #expect(try read(Self.keys.text(pot).flow) == pot)
      #expect(try read(Self.keys.text(pot).block(indent: 0).joined(separator: "\n")) == pot)
    }
  }

  @Test("Options change the tree before it is read")
  func overrides() throws {
    let options = ["lids.1=9", "volume=3", "full=null"]
    #expect(
      try read("{lids: [2, 3], full: true}", overrides: options) == Pot(volume: 3, lids: [2, 9]))
  }

  @Test(
    "A mistake is told with its line, its key and what to do",
    arguments: [
      ("volume: 2", "pot.yaml, line 1: lids is missing; say which lids fit"),
      (
        "lids: [1]\nvolum: 2",
        "pot.yaml, line 2: unknown key 'volum' (did you mean 'volume'?); the keys of a job are "
          + "volume, lids, name, color, colors and full"
      ),
      (
        "lids: [1]\nvolume: 0",
        "pot.yaml, line 2: volume is 0; it must be a finite number above 0"
      ),
      (
        "lids:\n  - 4\n  - 4",
        "pot.yaml, line 3: lids.1 is 4 after 4; write the values of lids in ascending order, each once"
      ),
      (
        "lids: [1]\ncolor: 1\ncolors: [2]",
        "pot.yaml, line 3: color and colors are both given; keep one"
      ),
      (
        "lids: [1]\n!x full: true",
        "pot.yaml, line 2: a key of the file has the tag '!x', which means nothing in a job; remove it"
      ),
    ])
  func mistakes(text: String, sentence: String) {
    let error = #expect(throws: JobError.self) { try read(text) }
    #expect(error?.description == sentence)
  }
}
