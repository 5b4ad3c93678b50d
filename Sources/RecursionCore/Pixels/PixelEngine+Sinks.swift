/// Where a family's pairs go: to readouts and to pools.
extension PixelEngine {
  /// Adds the pairs of equal pixels to what readouts gather.
  func gather(readouts: [Int], _ field: PixelField<L>, _ run: Run, space: Int) {
    guard !readouts.isEmpty, !run.isSelf else { return }
    let layout = geometry.layouts[run.segment][space]
    for (k, pair) in run.family.rows[space].enumerated() where pair.row == pair.column {
      let state = field.at(k)
      switch program.arrangement {
      case .images:
        var (gap, tangentGap) = (L(0), L(0))
        for cell in 0..<layout.cellCount {
          gap = gap + L(at: state + cell * layout.cellSize)
          tangentGap = tangentGap + L(at: state + cell * layout.cellSize + layout.planeSize)
        }
        for readout in readouts {
          add(gap, to: &readoutGaps[readout])
          add(tangentGap, to: &readoutTangentGaps[readout])
        }
      case .pixels:
        for readout in readouts {
          for i in 0..<layout.shape.width {
            let place = i * layout.columns + i
            readoutGaps[readout][0] += Double(state[place])
            readoutTangentGaps[readout][0] += Double(state[place + layout.planeSize])
          }
        }
      }
    }
  }

  /// `.images`: adds a number for each pair of a block.
  private func add(_ lanes: L, to sums: inout [Double]) {
    sums.withUnsafeMutableBufferPointer { sums in
      withUnsafeTemporaryAllocation(of: Scalar.self, capacity: L.count) { numbers in
        guard let base = numbers.baseAddress else { return }
        lanes.store(to: base)
        for lane in 0..<L.count { sums[lane] += Double(base[lane]) }
      }
    }
  }

  /// Adds all pairs to what a pool gathers.
  func gather(
    _ pool: PoolStep, _ node: Int, _ field: PixelField<L>, _ run: Run, space: Int
  ) {
    guard let index = run.members.pools.firstIndex(of: node) else { return }
    if let gather = offsetGathers[node] {
      gather.add(field, slab(run, space), to: run.sums[index])
      return
    }
    for (k, pair) in run.family.rows[space].enumerated() {
      gathers[node]?.add(field.at(k), pair, to: run.sums[index])
    }
  }
}
