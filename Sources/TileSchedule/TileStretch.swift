import Tiling

extension TileGrid {
  /// The tiles of a rank when tiles are divided in advance instead of being handed out. They are
  /// neighbors, which need few different rows and columns, and have about as many entries as the
  /// tiles of any other rank. Entries on the diagonal are not counted, because they are known for each row.
  ///
  /// - Returns: indices for `tile(at:)`; the stretches of the ranks follow each other without gaps.
  public func stretch(_ rank: Int, of ranks: Int) -> Range<Int> {
    func cost(_ index: Int) -> Int {
      let tile = tile(at: index)
      return entries(of: tile) - (isDiagonal(tile) ? rows(of: tile).count : 0)
    }
    let total = (0..<count).reduce(0) { $0 + cost($1) }
    func border(_ rank: Int) -> Int {
      if rank == 0 { return 0 }
      if rank == ranks { return count }
      var before = 0
      // A tile belongs to the rank whose part contains the middle of the tile.
      for index in 0..<count {
        if (2 * before + cost(index)) * ranks >= 2 * total * rank { return index }
        before += cost(index)
      }
      return count
    }
    return border(rank)..<border(rank + 1)
  }
}
