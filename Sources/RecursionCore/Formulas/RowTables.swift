import Synchronization

/// The rows of a block as `WindowTable`s give them, in the precision of the lanes. Kept for the next
/// block: what a row has depends on its variance alone, by which it is found again. For one thread at a
/// time.
final class RowTables<L: CoreLanes>: @unchecked Sendable {
  /// A window at one row.
  struct Window {
    let table: WindowTable
    let coefficients: UnsafePointer<L.Scalar>
  }

  private struct Row {
    var logarithm = L.Scalar.nan
    /// By window; nil where it has not been looked for.
    var windows = [Window??](repeating: nil, count: 2 * WindowSamples.reach + 1)
  }

  private let duals: FormulaDuals
  private var rows: [Row] = []
  /// By row and window.
  private var storage: [[AlignedStorage<L.Scalar>?]] = []

  init(_ duals: FormulaDuals) { self.duals = duals }

  /// The window of row `index`, whose image has ln q = `logarithm`; nil where there is no table.
  func window(_ index: Int, _ logarithm: L.Scalar, _ window: Int) -> Window? {
    while rows.count <= index {
      rows.append(Row())
      storage.append([AlignedStorage<L.Scalar>?](repeating: nil, count: rows[0].windows.count))
    }
    let place = window + WindowSamples.reach
    if rows[index].logarithm != logarithm {
      rows[index] = Row()
      rows[index].logarithm = logarithm
    }
    if let known = rows[index].windows[place] { return known }
    let made = make(index, place, Double(logarithm))
    rows[index].windows[place] = .some(made)
    return made
  }

  private func make(_ index: Int, _ place: Int, _ logarithm: Double) -> Window? {
    let cell = VarianceCell.index(logarithm)
    guard
      let table = duals.window(
        cell: cell, window: place - WindowSamples.reach, precision: L.precision)
    else { return nil }
    var memory = storage[index][place] ?? AlignedStorage<L.Scalar>(count: table.count)
    if memory.count < table.count { memory = AlignedStorage(count: table.count) }
    storage[index][place] = memory
    for (number, coefficient) in table.row(logarithm).enumerated() {
      memory.base[number] = L.Scalar(coefficient)
    }
    return Window(table: table, coefficients: UnsafePointer(memory.base))
  }
}

/// Row tables that no thread uses now.
final class RowTablePool<L: CoreLanes>: Sendable {
  private let spare = Mutex([RowTables<L>]())

  /// Calls `body` with tables that nobody else uses meanwhile.
  func with(_ duals: FormulaDuals, _ body: (RowTables<L>) -> Void) {
    let tables = spare.withLock { $0.popLast() } ?? RowTables(duals)
    body(tables)
    spare.withLock { $0.append(tables) }
  }
}
