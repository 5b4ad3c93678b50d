/// The numbers of a few images at every node, side by side as the `GraphEngine` reads them: value v of
/// position p of image i at base(node)[v stride + i positions + p]. K is value 0, Theta value 1.
final class GraphBlock<L: CoreLanes> {
  let program: GraphProgram
  /// The largest number of images, and the current number.
  let capacity: Int
  private(set) var count = 0
  private let storage: AlignedStorage<L.Scalar>
  private let offsets: [Int]
  private let strides: [Int]
  /// The record of each image.
  private var records: [UnsafePointer<L.Scalar>] = []

  init(_ program: GraphProgram, capacity: Int) {
    self.program = program
    self.capacity = capacity
    var total = 0
    var (offsets, strides): ([Int], [Int]) = ([], [])
    for (index, node) in program.nodes.enumerated() {
      let stride = Self.padded(capacity * node.positionCount)
      offsets.append(total)
      strides.append(stride)
      total += program.recordCount(index) * stride
    }
    (self.offsets, self.strides) = (offsets, strides)
    // Four rows are read at a time, from any position.
    storage = AlignedStorage(count: total + 4)
  }

  /// `count`, rounded up to whole registers of positions.
  static func padded(_ count: Int) -> Int {
    let line = max(AlignedStorage<L.Scalar>.lineCount, 16)
    return (count + line - 1) / line * line
  }

  /// Starts with new images, given by their records.
  func start(_ records: [UnsafePointer<L.Scalar>]) {
    self.records = records
    count = records.count
  }

  /// Starts with new images and reads the numbers of all nodes.
  func load(_ records: [UnsafePointer<L.Scalar>]) {
    start(records)
    for node in program.nodes.indices { load(node) }
  }

  /// Reads the numbers of a node from the records.
  func load(_ node: Int) {
    let positions = program.nodes[node].positionCount
    for (image, record) in records.enumerated() {
      let source = record + program.steps[node].offset
      let target = storage.base + offsets[node] + image * positions
      for value in 0..<program.recordCount(node) {
        (target + value * strides[node]).update(from: source + value * positions, count: positions)
      }
    }
  }

  /// One value at all positions of a node.
  func values(_ node: Int, _ value: Int) -> UnsafePointer<L.Scalar> {
    UnsafePointer(storage.base + offsets[node] + value * strides[node])
  }

  /// K and Theta at all positions of a node.
  func variances(_ node: Int) -> UnsafePointer<L.Scalar> { values(node, 0) }
  func tangents(_ node: Int) -> UnsafePointer<L.Scalar> { values(node, 1) }

  /// Distance from one value to the next.
  func stride(_ node: Int) -> Int { strides[node] }

  /// The numbers of an image that belong to no position: a row-major P x P matrix.
  func matrix(_ node: Int, image: Int) -> UnsafePointer<L.Scalar> {
    records[image] + program.steps[node].offset
      + program.recordCount(node) * program.nodes[node].positionCount
  }
}
