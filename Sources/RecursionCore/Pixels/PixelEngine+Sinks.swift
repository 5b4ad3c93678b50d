/// Adds the pairs of a family to readouts and pools.
extension PixelEngine {
  /// Adds the pairs of equal pixels to the sums of readouts.
  func accumulate(readouts: [Int], _ field: PixelField<L>, _ traversal: Traversal, space: Int) {
    guard !readouts.isEmpty, !traversal.isSelf else { return }
    let layout = geometry.layouts[traversal.segment][space]
    for (k, pair) in traversal.family.rows[space].enumerated() where pair.first == pair.second {
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

  /// `.images`: adds one number for each pair of a block.
  private func add(_ lanes: L, to sums: inout [Double]) {
    sums.withUnsafeMutableBufferPointer { sums in
      withUnsafeTemporaryAllocation(of: Scalar.self, capacity: L.count) { numbers in
        guard let base = numbers.baseAddress else { return }
        lanes.store(to: base)
        for lane in 0..<L.count { sums[lane] += Double(base[lane]) }
      }
    }
  }

  /// Adds all pairs to the sums of a pool.
  func accumulate(
    _ pool: PoolStep, _ node: Int, _ field: PixelField<L>, _ traversal: Traversal, space: Int
  ) {
    guard let index = traversal.members.pools.firstIndex(of: node) else { return }
    if let accumulator = offsetAccumulators[node] {
      accumulator.add(field, offsetRange(traversal, space), to: traversal.sums[index])
      return
    }
    for (k, pair) in traversal.family.rows[space].enumerated() {
      accumulators[node]?.add(field.at(k), pair, to: traversal.sums[index])
    }
  }
}
