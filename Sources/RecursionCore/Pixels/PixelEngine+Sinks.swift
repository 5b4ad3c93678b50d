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
        for plane in 0..<2 {
          var sum = L(0)
          for cell in 0..<layout.cellCount {
            sum = sum + L(at: state + cell * layout.cell + plane * layout.plane)
          }
          withUnsafeTemporaryAllocation(of: Scalar.self, capacity: L.count) { lanes in
            guard let base = lanes.baseAddress else { return }
            sum.store(to: base)
            for readout in readouts {
              for lane in 0..<L.count {
                if plane == 0 {
                  readoutGaps[readout][lane] += Double(base[lane])
                } else {
                  readoutTangentGaps[readout][lane] += Double(base[lane])
                }
              }
            }
          }
        }
      case .pixels:
        for readout in readouts {
          for i in 0..<layout.shape.width {
            let place = i * layout.columns + i
            readoutGaps[readout][0] += Double(state[place])
            readoutTangentGaps[readout][0] += Double(state[place + layout.plane])
          }
        }
      }
    }
  }

  /// Adds all pairs to what a pool gathers.
  func gather(
    _ pool: PoolStep, _ node: Int, _ field: PixelField<L>, _ run: Run, space: Int
  ) {
    guard let index = run.members.pools.firstIndex(of: node) else { return }
    if let gather = offsetGathers[node] {
      gather.add(field, run.family.rows[space], offset: run.offset, to: run.sums[index])
      return
    }
    for (k, pair) in run.family.rows[space].enumerated() {
      gathers[node]?.add(field.at(k), pair, to: run.sums[index])
    }
  }
}
