import BlockCyclic
import MessagePassing

extension DistributedMatrix {
  /// Sends tiles, each read by one rank, to the ranks that own their elements, bit for bit.
  ///
  /// Collective. `tileCount` is the number of tiles of this rank, and may differ between ranks. `tile` reads one of
  /// these tiles, given its number, which counts from 0; it is called in order. In each round a rank reads tiles up to
  /// `roundBytes` (at least one tile), packs them for one rank at a time, and exchanges the parts. A rank therefore
  /// holds at most three times `roundBytes`, or five times with `bothTriangles`.
  ///
  /// Errors: what `tile` throws on any rank, or a tile that is not where `part` allows it, as a `CollectiveFailure`.
  public mutating func deposit(
    tileCount: Int, as part: DepositedPart = .lowerTriangle, roundBytes: Int = 12 << 20,
    tile: (_ index: Int) throws -> DenseTile
  ) throws {
    let communicator = context.communicator
    let layout = layout
    var next = 0
    while true {
      let round = try communicator.agree {
        var tiles: [DenseTile] = []
        var bytes = 0
        while next < tileCount && (tiles.isEmpty || bytes < roundBytes) {
          let read = try tile(next)
          try read.check(in: layout, as: part)
          bytes += read.values.count * MemoryLayout<Double>.stride
          tiles.append(read)
          next += 1
        }
        return tiles
      }
      try exchange(round, as: part)
      guard try communicator.allReduce(tileCount - next, .max) > 0 else { return }
    }
  }

  /// Exchanges the parts of one round's tiles.
  private mutating func exchange(_ tiles: [DenseTile], as part: DepositedPart) throws {
    let communicator = context.communicator
    let grid = context.grid
    let counts = wordCounts(of: tiles, as: part)
    let incoming = try communicator.exchange(counts: counts)
    let longest = (send: Int(counts.max() ?? 0), receive: Int(incoming.max() ?? 0))
    let buffer = try communicator.agree {
      try LocalArray<Double>(count: longest.send + longest.receive)
    }
    let (send, receive) = (buffer.start, buffer.start + longest.send)
    // Step s pairs this rank with the ranks s above and s below it. All ranks work at once, and each holds only one
    // part to send and one part to receive.
    for step in 0..<communicator.size {
      let destination = (communicator.rank + step) % communicator.size
      let source = (communicator.rank - step + communicator.size) % communicator.size
      let (myrow, mycol) = grid.position(of: destination)
      var end = send
      if counts[destination] > 0 {
        for tile in tiles { end = pack(tile, as: part, myrow: myrow, mycol: mycol, into: end) }
      }
      if step == 0 {
        unpack(send, count: Int(counts[destination]), as: part)
        continue
      }
      try communicator.sendReceive(
        UnsafeRawBufferPointer(
          UnsafeBufferPointer(start: send, count: Int(counts[destination]))),
        to: destination,
        UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(start: receive, count: Int(incoming[source]))),
        from: source)
      unpack(receive, count: Int(incoming[source]), as: part)
    }
  }

  /// The number of words to send to each rank.
  private borrowing func wordCounts(of tiles: [DenseTile], as part: DepositedPart) -> [Int64] {
    (0..<context.grid.size).map { rank in
      let (myrow, mycol) = context.grid.position(of: rank)
      return tiles.reduce(into: Int64(0)) { sum, tile in
        for travelling in tile.travelling(as: part) {
          sum += Int64(travelling.wordCount(in: layout, myrow: myrow, mycol: mycol))
        }
      }
    }
  }

  /// Writes the elements of a tile, and of its mirror image if there is one, that one process owns.
  private borrowing func pack(
    _ tile: DenseTile, as part: DepositedPart, myrow: Int, mycol: Int,
    into words: UnsafeMutablePointer<Double>
  ) -> UnsafeMutablePointer<Double> {
    var next = words
    tile.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      for (index, travelling) in tile.travelling(as: part).enumerated()
      where travelling.wordCount(in: layout, myrow: myrow, mycol: mycol) > 0 {
        next = travelling.pack(
          start, rowStride: index == 0 ? tile.columns : 1,
          columnStride: index == 0 ? 1 : tile.columns, for: layout, myrow: myrow, mycol: mycol,
          into: next)
      }
    }
    return next
  }

  private mutating func unpack(
    _ words: UnsafePointer<Double>, count: Int, as part: DepositedPart
  ) {
    var next = words
    while next < words + count {
      let travelling = TravellingTile(header: next, lowerOnly: part == .lowerTriangle)
      next = travelling.unpack(
        next, for: layout, myrow: context.myrow, mycol: context.mycol, into: pointer, lld: lld)
    }
  }
}

extension DenseTile {
  /// The rectangle of this tile and, if `part` requires it, the rectangle of its mirror image.
  fileprivate func travelling(as part: DepositedPart) -> [TravellingTile] {
    let rowRange = rowStart..<(rowStart + rows)
    let columnRange = columnStart..<(columnStart + columns)
    let own = TravellingTile(
      rows: rowRange, columns: columnRange, lowerOnly: part == .lowerTriangle)
    guard part == .bothTriangles && !isOnDiagonal else { return [own] }
    return [own, TravellingTile(rows: columnRange, columns: rowRange, lowerOnly: false)]
  }
}
