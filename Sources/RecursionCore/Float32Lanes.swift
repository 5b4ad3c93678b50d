import CVector

/// Single-precision lanes: 16, 8 or 4, as wide as the registers of the build's target.
package struct Float32Lanes: Lanes {
  /// The type of one lane.
  package typealias Scalar = Float

  @usableFromInline var value: ntk_f32

  @inline(__always)
  init(value: ntk_f32) { self.value = value }

  @inline(__always)
  package static var count: Int { ntk_f32.scalarCount }

  @inline(__always)
  package init(_ value: Double) {
    self.value = ntk_f32()
    ntk_f32_repeat(&self.value, Float(value))
  }

  @inline(__always)
  package init(repeating pointer: UnsafePointer<Float>) {
    value = ntk_f32()
    ntk_f32_repeat(&value, pointer.pointee)
  }

  @inline(__always)
  package init(at pointer: UnsafePointer<Float>) {
    value = ntk_f32()
    ntk_f32_load(&value, pointer)
  }

  @inline(__always)
  package func store(to pointer: UnsafeMutablePointer<Float>) {
    ntk_f32_store(pointer, value)
  }

  @inline(__always)
  package static var rowCount: Int { ntk_f32_row.scalarCount }

  @inline(__always)
  package init(rowsAt pointer: UnsafePointer<Float>, stride: Int) {
    value = ntk_f32()
    ntk_f32_load_rows(&value, pointer, stride)
  }

  @inline(__always)
  package func storeRows(to pointer: UnsafeMutablePointer<Float>, stride: Int) {
    ntk_f32_store_rows(pointer, stride, value)
  }

  @inline(__always)
  package init(perRow pointer: UnsafePointer<Float>) {
    value = ntk_f32()
    ntk_f32_per_row(&value, pointer)
  }

  @inline(__always)
  package init(perColumn pointer: UnsafePointer<Float>) {
    value = ntk_f32()
    ntk_f32_per_column(&value, pointer)
  }

  @inline(__always)
  package init(halvesAt pointer: UnsafePointer<Float>, stride: Int) {
    value = ntk_f32()
    ntk_f32_load_halves(&value, pointer, stride)
  }

  @inline(__always)
  package init(halves first: Float, _ second: Float) {
    value = ntk_f32()
    ntk_f32_repeat_halves(&value, first, second)
  }

  @inline(__always)
  package func shiftedUp(_ edge: Self) -> Self {
    var result = self
    ntk_f32_shift_up(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func shiftedDown(_ edge: Self) -> Self {
    var result = self
    ntk_f32_shift_down(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func halvesShiftedUp(_ edge: Self) -> Self {
    var result = self
    ntk_f32_shift_halves_up(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func halvesShiftedDown(_ edge: Self) -> Self {
    var result = self
    ntk_f32_shift_halves_down(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package init(rows a: Float, _ b: Float, _ c: Float, _ d: Float) {
    value = ntk_f32()
    ntk_f32_repeat_rows(&value, a, b, c, d)
  }

  @inline(__always)
  package func rowsShiftedUp(_ edge: Self) -> Self {
    var result = self
    ntk_f32_shift_rows_up(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func rowsShiftedDown(_ edge: Self) -> Self {
    var result = self
    ntk_f32_shift_rows_down(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package static func + (a: Self, b: Self) -> Self {
    var result = a
    ntk_f32_add(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func - (a: Self, b: Self) -> Self {
    var result = a
    ntk_f32_subtract(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func * (a: Self, b: Self) -> Self {
    var result = a
    ntk_f32_multiply(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func / (a: Self, b: Self) -> Self {
    var result = a
    ntk_f32_divide(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package func adding(_ a: Self, times b: Self) -> Self {
    var result = a
    ntk_f32_fma(&result.value, a.value, b.value, value)
    return result
  }

  @inline(__always)
  package func squareRoot() -> Self {
    var result = self
    ntk_f32_sqrt(&result.value, value)
    return result
  }

  @inline(__always)
  package func magnitude() -> Self {
    var result = self
    ntk_f32_abs(&result.value, value)
    return result
  }

  @inline(__always)
  package static func min(_ a: Self, _ b: Self) -> Self {
    var result = a
    ntk_f32_min(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func max(_ a: Self, _ b: Self) -> Self {
    var result = a
    ntk_f32_max(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package var largest: Float { ntk_f32_largest(value) }

  @inline(__always)
  package static func select(_ a: Self, lessThan b: Self, _ x: Self, else y: Self) -> Self {
    var result = a
    ntk_f32_select_less(&result.value, a.value, b.value, x.value, y.value)
    return result
  }

  @inline(__always)
  package static func select(_ a: Self, equals b: Self, _ x: Self, else y: Self) -> Self {
    var result = a
    ntk_f32_select_equal(&result.value, a.value, b.value, x.value, y.value)
    return result
  }

  /// P(u) with acos(1 - u) = sqrt(u) P(u), u in [0, 1]; minimax, relative error 1.5e-8.
  @inline(__always)
  package static func arcCosineFactor(_ u: Self) -> Self {
    Self(0.001253424905933985473)
      .horner(u, -0.002135467296003061934)
      .horner(u, 0.003535832225773356154)
      .horner(u, 0.001345628032710657354)
      .horner(u, 0.008262794783080947477)
      .horner(u, 0.02646691872885580519)
      .horner(u, 0.1178536307617902564)
      .horner(u, 1.414213541783795193)
  }

  /// Q(u) with sqrt(1 - c^2) - c acos(c) = u sqrt(u) Q(u), c = 1 - u, u in [0, 1]; minimax,
  /// relative error 1.5e-8.
  @inline(__always)
  package static func arcCosineMomentFactor(_ u: Self) -> Self {
    Self(0.0002408196172013412007)
      .horner(u, -0.0001951106270582816811)
      .horner(u, 0.0007633552705369905465)
      .horner(u, 0.001647461309043702468)
      .horner(u, 0.007595220918650836712)
      .horner(u, 0.04713918370219440257)
      .horner(u, 0.9428090552802797797)
  }

  /// The polynomial of `arcCosineFactor`, rescaled to turns.
  @inline(__always)
  package static func turnFactor(_ v: Self) -> Self {
    Self(187333944.20374173)
      .horner(v, -8084466.11393201)
      .horner(v, 339070.75496620795)
      .horner(v, 3268.616531064089)
      .horner(v, 508.4007432438031)
      .horner(v, 41.24989593357854)
      .horner(v, 4.652674851403701)
      .horner(v, 1.414213541783795)
  }

  /// The polynomial of `arcCosineMomentFactor`, rescaled to turns.
  @inline(__always)
  package static func turnMomentFactor(_ v: Self) -> Self {
    Self(911696.4883884271)
      .horner(v, -18710.2507682225)
      .horner(v, 1854.2387611574213)
      .horner(v, 101.36649595827458)
      .horner(v, 11.837497054211502)
      .horner(v, 1.8609803797237503)
      .horner(v, 0.9428090552802798)
  }

  @inline(__always)
  package func scaled(by factor: Factor<Self>) -> Self {
    (self * factor.rest).adding(self, times: factor.leading)  // rounded once, at the end
  }
}
