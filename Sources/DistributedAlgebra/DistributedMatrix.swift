import BlockCyclic
import CScaLAPACK
import MessagePassing

/// One rank's part of a block-cyclic matrix, column-major. It owns its memory.
public struct DistributedMatrix<Scalar: MatrixScalar>: ~Copyable {
  /// The distribution of the elements over the ranks.
  public let layout: MatrixLayout
  /// The process grid.
  public let context: BLACSContext
  /// The number of rows that this rank holds.
  public let localRows: Int
  /// The number of columns that this rank holds.
  public let localColumns: Int
  /// The leading dimension of this rank's part: the number of elements from one column to the next.
  public let lld: Int

  /// ScaLAPACK's array descriptor.
  let descriptor: [Int32]
  private let storage: LocalArray<Scalar>

  /// Allocates a matrix whose elements are not set. No page of the memory is touched.
  ///
  /// Collective. Throws on all ranks if any rank has no memory. If a local array exceeds LP64, throws before any rank
  /// allocates memory.
  ///
  /// Source: ScaLAPACK descinit.
  public init(
    uninitialized layout: MatrixLayout, on context: BLACSContext
  ) throws {
    let shape = layout.localShape(myrow: context.myrow, mycol: context.mycol)
    let lld = layout.lld(myrow: context.myrow)
    var descriptor = [Int32](repeating: 0, count: 9)
    let storage: LocalArray<Scalar> = try context.communicator.agree {
      guard layout.grid == context.grid else {
        throw DistributedAlgebraError.otherGrid(layout: layout.grid, context: context.grid)
      }
      try layout.requireLP64()
      let info = ntk_descinit(
        &descriptor, Int32(layout.m), Int32(layout.n), Int32(layout.mb), Int32(layout.nb),
        context.handle, Int32(lld))
      guard info == 0 else {
        throw DistributedAlgebraError.failed(routine: "descinit", info: Int(info))
      }
      return try LocalArray(count: lld * shape.columns)
    }
    self.layout = layout
    self.context = context
    self.localRows = shape.rows
    self.localColumns = shape.columns
    self.lld = lld
    self.descriptor = descriptor
    self.storage = storage
  }

  /// This rank's elements. Element (iLocal, jLocal) is at `iLocal + jLocal * lld`. Local.
  ///
  /// Valid as long as the matrix lives.
  public var elements: UnsafeMutableBufferPointer<Scalar> {
    UnsafeMutableBufferPointer(start: storage.start, count: lld * localColumns)
  }

  var pointer: UnsafeMutablePointer<Scalar> { storage.start }

  /// Makes a matrix with the same layout and elements. Collective.
  public borrowing func copy() throws -> DistributedMatrix {
    let copy = try DistributedMatrix(uninitialized: layout, on: context)
    copy.pointer.update(from: pointer, count: lld * localColumns)
    return copy
  }
}
