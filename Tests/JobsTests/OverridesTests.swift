import JobDocuments
import Jobs
import RecursionCore
import Testing

@Suite struct OverridesTests {
  static let yaml = """
    data: {cifar10: c, train: 500, test: 100}
    network:
      - flatten
      - dense: {weight_variance: 2}
      - erf
      - dense
    spectrum: {vectors: 3}
    output: o
    """

  @Test("an option changes a value, makes missing mappings, and the last one wins")
  func values() throws {
    let job = try readJob(
      Self.yaml,
      overrides: [
        "data.train=1000", "data.train=2000", "prediction.regularization=[0,1e-3]", "tile=64",
        "output=runs/a=b", "data.preprocessing.zca.regularization=0.5",
      ])
    #expect(job.data.train == .first(2000))
    #expect(job.prediction?.regularization == [0, 1e-3])
    #expect(job.tile == 64)
    #expect(job.output == "runs/a=b")
    #expect(job.data.preprocessing == .zca(regularization: 0.5))
  }

  @Test("an option reaches into lists and gives a bare layer parameters")
  func lists() throws {
    let job = try readJob(
      Self.yaml,
      overrides: [
        "network.1.dense.weight_variance=1.5", "network.2.erf.scale=3",
        "network.3={dense: {bias_variance: 1}}",
      ])
    #expect(
      job.variants[0].layers == [
        LayerDescription("flatten"),
        LayerDescription("dense", [.init("weight_variance", .number(1.5))]),
        LayerDescription("erf", [.init("scale", .number(3))]),
        LayerDescription("dense", [.init("bias_variance", .number(1))]),
      ])
  }

  @Test("null takes a key out of the job")
  func removal() throws {
    #expect(try readJob(Self.yaml, overrides: ["spectrum=null"]).spectrum == nil)
    #expect(try readJob(Self.yaml, overrides: ["data.test=~"]).data.test == .first(0))
    let preset = "{data: {synthetic: {}}, network: {preset: fcn, depths: [1, 2]}, output: o}"
    let job = try readJob(preset, overrides: ["network.depths=null", "network.depth=5"])
    #expect(job.variants.map(\.layers.count) == [12])
  }

  @Test(
    "an option that cannot be is refused and named",
    arguments: [
      ("data.train", JobError.Mistake.badOverride, "no '='"),
      ("=5", .badOverride, "part of the key is empty"),
      ("data..train=5", .badOverride, "part of the key is empty"),
      ("data.train=", .badOverride, "no value after '='"),
      ("data.train= # x", .badOverride, "no value after '='"),
      ("data.train=[1", .syntax, "not YAML"),
      ("data.train={a: 1, a: 2}", .duplicateKey, "'a'"),
      ("network.9.dense={}", .badOverride, "network is a list and '9'|0 to 3"),
      ("network.-1=relu", .badOverride, "'-1' is none of its items"),
      ("network.2.relu.scale=3", .badOverride, "network.2 is 'erf', which holds no 'relu'"),
      ("data.train.seed=3", .badOverride, "data.train is 500, which holds no 'seed'"),
      ("tile=null", .badOverride, "tile is not in the job"),
      ("data.trian=5", .unknownKey, "data.trian|did you mean 'train'"),
      ("predicton.regularization=[0]", .unknownKey, "predicton|did you mean 'prediction'"),
      ("data.train=-5", .outOfRange, "data.train is -5"),
      ("data.train=many", .wrongType, "data.train is 'many'"),
      ("network.1.dense.weight_variance=-1", .outOfRange, "is -1|0 or more"),
      ("prediction.regularization=[-1]", .outOfRange, "prediction.regularization.0 is -1"),
    ])
  func refused(text: String, kind: JobError.Mistake, says: String) {
    let error = #expect(throws: JobError.self) { try readJob(Self.yaml, overrides: [text]) }
    guard let error else { return }
    #expect(error.mistake == kind, "\(error)")
    #expect(error.place == .option(text), "\(error)")
    #expect(error.description.hasPrefix("--set \(text): "))
    for part in says.split(separator: "|") {
      #expect(error.description.contains(part), "\(error)")
    }
  }

  @Test("an option with fifty thousand dots is refused")
  func dots() {
    let option = String(repeating: "a.", count: 50_000) + "a=1"
    let error = #expect(throws: JobError.self) { try readJob(Self.yaml, overrides: [option]) }
    #expect(error?.sentence.contains("the key has 50001 parts") == true)
  }

  @Test("a mistake in the file keeps its line when options are given")
  func lines() {
    let error = #expect(throws: JobError.self) {
      try readJob(Self.yaml + "\ntiel: 5", overrides: ["data.train=1000"])
    }
    #expect(error?.place == .line("job.yaml", 9))
  }
}
