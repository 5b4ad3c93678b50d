import Synchronization

/// The rows of a block as `WindowTable`s provide them, in the precision of the lanes. They are kept
/// for the next block: the data of a row depend on its variance alone, and are found again by the
/// variance. For one thread at a time.
final class RowTables<L: CoreLanes>: @unchecked Sendable {
  /// A window at one row. It has only numbers and pointers, because one is used for every vector of
  /// pairs; the row tables own the memory.
  struct Window {
    let coefficients: UnsafePointer<L.Scalar>
    let full: WindowTable.Plan
    let near: WindowTable.Plan
    let equal: WindowTable.Plan
    let value: WindowTable.Shape
    let slope: WindowTable.Shape
    let basis: WindowTable.Basis
    let window: Int
  }

  /// A range of ln(q2 / q1) from `lower` on, and the method for it: a window near its middle, a
  /// whole window, or single pairs.
  struct Segment {
    let lower: L.Scalar
    let window: Int?
    let isNear: Bool
  }

  /// All segments, in ascending order.
  let segments: [Segment]
  /// Reusable memory for the smallest and largest ln q of some vectors, which every block needs.
  private var ends: [(low: L.Scalar, high: L.Scalar)] = []

  /// The state of a row's window.
  private enum Entry {
    case unknown
    case none
    case known(Window)
  }

  private static var windowCount: Int { 2 * WindowSamples.reach + 1 }

  private let duals: FormulaDuals
  private var logarithms: [L.Scalar] = []
  /// Indexed by row and window, like the two arrays below.
  private var entries: [Entry] = []
  private var storage: [AlignedStorage<L.Scalar>?] = []
  private var owners: [WindowTable?] = []

  init(_ duals: FormulaDuals) {
    self.duals = duals
    let (half, reach) = (WindowSamples.halfWidth, WindowSamples.reach)
    let near = half * WindowTable.nearPlace
    func segment(_ lower: Double, _ window: Int?, isNear: Bool = false) -> Segment {
      Segment(lower: L.Scalar(lower), window: window, isNear: isNear)
    }
    var segments = [segment(-.infinity, nil)]
    for window in -reach...reach {
      segments.append(segment(half * Double(2 * window - 1), window))
      if window == 0 { segments += [segment(-near, 0, isNear: true), segment(near, 0)] }
    }
    self.segments = segments + [segment(half * Double(2 * reach + 1), nil)]
  }

  /// Takes the memory for ends, which is empty.
  func takeEnds() -> [(low: L.Scalar, high: L.Scalar)] {
    var taken: [(low: L.Scalar, high: L.Scalar)] = []
    swap(&taken, &ends)
    return taken
  }

  /// Returns the memory for ends.
  func give(_ used: [(low: L.Scalar, high: L.Scalar)]) {
    ends = used
    ends.removeAll(keepingCapacity: true)
  }

  /// The window of row `index`, whose image has ln q = `logarithm`; nil if there is no table.
  func window(_ index: Int, _ logarithm: L.Scalar, _ window: Int) -> Window? {
    let count = Self.windowCount
    while logarithms.count <= index {
      logarithms.append(.nan)
      entries += [Entry](repeating: .unknown, count: count)
      storage += [AlignedStorage<L.Scalar>?](repeating: nil, count: count)
      owners += [WindowTable?](repeating: nil, count: count)
    }
    if logarithms[index] != logarithm {
      logarithms[index] = logarithm
      for place in index * count..<(index + 1) * count { entries[place] = .unknown }
    }
    let place = index * count + window + WindowSamples.reach
    switch entries[place] {
    case .none: return nil
    case .known(let known): return known
    case .unknown:
      let made = make(place, window, Double(logarithm))
      entries[place] = made.map { .known($0) } ?? .none
      return made
    }
  }

  private func make(_ place: Int, _ window: Int, _ logarithm: Double) -> Window? {
    guard logarithm > FormulaActivation.noTable else { return nil }
    let cell = VarianceCell.index(logarithm)
    guard let table = duals.window(cell: cell, window: window, precision: L.precision) else {
      return nil
    }
    var memory = storage[place] ?? AlignedStorage<L.Scalar>(count: table.count)
    if memory.count < table.count { memory = AlignedStorage(count: table.count) }
    (storage[place], owners[place]) = (memory, table)
    for (number, coefficient) in table.row(logarithm).enumerated() {
      memory.base[number] = L.Scalar(coefficient)
    }
    return Window(
      coefficients: UnsafePointer(memory.base), full: table.full, near: table.near,
      equal: table.equal, value: table.value, slope: table.slope,
      basis: table.basis, window: window)
  }
}

/// Row tables that no thread is using.
final class RowTablePool<L: CoreLanes>: Sendable {
  private let spare = Mutex([RowTables<L>]())

  /// Calls `body` with tables that no other thread uses during the call.
  func with(_ duals: FormulaDuals, _ body: (RowTables<L>) -> Void) {
    let tables = spare.withLock { $0.popLast() } ?? RowTables(duals)
    body(tables)
    spare.withLock { $0.append(tables) }
  }
}
