import BlockCyclic
import CScaLAPACK
import MessagePassing

/// One rank's part of a block-cyclic matrix, column-major; it owns the memory.
public struct DistributedMatrix<Scalar: MatrixScalar>: ~Copyable {
  /// Which rank holds which element.
  public let layout: MatrixLayout
  /// The process grid.
  public let context: BLACSContext
  /// The number of rows of this rank's part.
  public let localRows: Int
  /// The number of columns of this rank's part.
  public let localColumns: Int
  /// Elements from column to column of this rank's part.
  public let lld: Int

  /// ScaLAPACK's array descriptor.
  let descriptor: [Int32]
  private let storage: LocalArray<Scalar>

  /// Allocates a matrix whose elements are not set; no page is touched.
  ///
  /// Collective. Throws on all ranks where one has no memory, and, before any allocates, where
  /// a local array exceeds LP64.
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

  /// This rank's elements: element (iLocal, jLocal) is at `iLocal + jLocal * lld`. Local.
  ///
  /// Valid while the matrix lives.
  public var elements: UnsafeMutableBufferPointer<Scalar> {
    UnsafeMutableBufferPointer(start: storage.start, count: lld * localColumns)
  }

  var pointer: UnsafeMutablePointer<Scalar> { storage.start }

  /// A matrix of the same layout and elements. Collective.
  public borrowing func copy() throws -> DistributedMatrix {
    let copy = try DistributedMatrix(uninitialized: layout, on: context)
    copy.pointer.update(from: pointer, count: lld * localColumns)
    return copy
  }
}
