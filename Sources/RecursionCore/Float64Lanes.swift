import CVector

/// Double-precision lanes: 8, 4 or 2, as wide as the registers of the build's target.
package struct Float64Lanes: Lanes {
  /// The type of one lane.
  package typealias Scalar = Double

  @usableFromInline var value: ntk_f64

  @inline(__always)
  init(value: ntk_f64) { self.value = value }

  @inline(__always)
  package static var count: Int { ntk_f64.scalarCount }

  @inline(__always)
  package init(_ value: Double) {
    self.value = ntk_f64()
    ntk_f64_repeat(&self.value, value)
  }

  @inline(__always)
  package init(repeating pointer: UnsafePointer<Double>) {
    value = ntk_f64()
    ntk_f64_repeat(&value, pointer.pointee)
  }

  @inline(__always)
  package init(at pointer: UnsafePointer<Double>) {
    value = ntk_f64()
    ntk_f64_load(&value, pointer)
  }

  @inline(__always)
  package func store(to pointer: UnsafeMutablePointer<Double>) {
    ntk_f64_store(pointer, value)
  }

  @inline(__always)
  package static var rowCount: Int { ntk_f64_row.scalarCount }

  @inline(__always)
  package init(rowsAt pointer: UnsafePointer<Double>, stride: Int) {
    value = ntk_f64()
    ntk_f64_load_rows(&value, pointer, stride)
  }

  @inline(__always)
  package func storeRows(to pointer: UnsafeMutablePointer<Double>, stride: Int) {
    ntk_f64_store_rows(pointer, stride, value)
  }

  @inline(__always)
  package init(perRow pointer: UnsafePointer<Double>) {
    value = ntk_f64()
    ntk_f64_per_row(&value, pointer)
  }

  @inline(__always)
  package init(perColumn pointer: UnsafePointer<Double>) {
    value = ntk_f64()
    ntk_f64_per_column(&value, pointer)
  }

  @inline(__always)
  package init(halvesAt pointer: UnsafePointer<Double>, stride: Int) {
    value = ntk_f64()
    ntk_f64_load_halves(&value, pointer, stride)
  }

  @inline(__always)
  package init(halves first: Double, _ second: Double) {
    value = ntk_f64()
    ntk_f64_repeat_halves(&value, first, second)
  }

  @inline(__always)
  package func shiftedUp(_ edge: Self) -> Self {
    var result = self
    ntk_f64_shift_up(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func shiftedDown(_ edge: Self) -> Self {
    var result = self
    ntk_f64_shift_down(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func halvesShiftedUp(_ edge: Self) -> Self {
    var result = self
    ntk_f64_shift_halves_up(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func halvesShiftedDown(_ edge: Self) -> Self {
    var result = self
    ntk_f64_shift_halves_down(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package init(rows a: Double, _ b: Double, _ c: Double, _ d: Double) {
    value = ntk_f64()
    ntk_f64_repeat_rows(&value, a, b, c, d)
  }

  @inline(__always)
  package func rowsShiftedUp(_ edge: Self) -> Self {
    var result = self
    ntk_f64_shift_rows_up(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package func rowsShiftedDown(_ edge: Self) -> Self {
    var result = self
    ntk_f64_shift_rows_down(&result.value, value, edge.value)
    return result
  }

  @inline(__always)
  package static func + (a: Self, b: Self) -> Self {
    var result = a
    ntk_f64_add(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func - (a: Self, b: Self) -> Self {
    var result = a
    ntk_f64_subtract(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func * (a: Self, b: Self) -> Self {
    var result = a
    ntk_f64_multiply(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func / (a: Self, b: Self) -> Self {
    var result = a
    ntk_f64_divide(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package func adding(_ a: Self, times b: Self) -> Self {
    var result = a
    ntk_f64_fma(&result.value, a.value, b.value, value)
    return result
  }

  @inline(__always)
  package func squareRoot() -> Self {
    var result = self
    ntk_f64_sqrt(&result.value, value)
    return result
  }

  @inline(__always)
  package func magnitude() -> Self {
    var result = self
    ntk_f64_abs(&result.value, value)
    return result
  }

  @inline(__always)
  package static func min(_ a: Self, _ b: Self) -> Self {
    var result = a
    ntk_f64_min(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package static func max(_ a: Self, _ b: Self) -> Self {
    var result = a
    ntk_f64_max(&result.value, a.value, b.value)
    return result
  }

  @inline(__always)
  package var largest: Double { ntk_f64_largest(value) }

  @inline(__always)
  package static func select(_ a: Self, lessThan b: Self, _ x: Self, else y: Self) -> Self {
    var result = a
    ntk_f64_select_less(&result.value, a.value, b.value, x.value, y.value)
    return result
  }

  @inline(__always)
  package static func select(_ a: Self, equals b: Self, _ x: Self, else y: Self) -> Self {
    var result = a
    ntk_f64_select_equal(&result.value, a.value, b.value, x.value, y.value)
    return result
  }

  /// P(u) with acos(1 - u) = sqrt(u) P(u), u in [0, 1]; rational, relative error 3.4e-17.
  ///
  /// As a function of c = 1 - u, it has its branch cut at c <= -1. A quotient of polynomials with
  /// positive coefficients therefore fits it with a third of the degree, and without cancellation.
  @inline(__always)
  package static func arcCosineFactor(_ u: Self) -> Self { angleFactor(Self(1) - u) }

  @inline(__always)
  private static func angleFactor(_ c: Self) -> Self {
    let numerator = Self(0.0001371709572888525889)
      .horner(c, 0.0141011236364024273)
      .horner(c, 0.2371485468030084795)
      .horner(c, 1.382787671349589823)
      .horner(c, 3.475011619204045084)
      .horner(c, 3.873722668187480752)
      .horner(c, 1.570796326794896619)
    let denominator = Self(0.0003389724443352767477)
      .horner(c, 0.01749370808256847764)
      .horner(c, 0.2227322432770480701)
      .horner(c, 1.108170926357543211)
      .horner(c, 2.511152396131630101)
      .horner(c, 2.60270821560422884)
      .horner(c, 1.0)
    return numerator / denominator
  }

  /// Q(u) with sqrt(1 - c^2) - c acos(c) = u sqrt(u) Q(u), c = 1 - u, u in [0, 1]; rational,
  /// relative error 3.0e-15.
  @inline(__always)
  package static func arcCosineMomentFactor(_ u: Self) -> Self { momentFactor(Self(1) - u) }

  @inline(__always)
  private static func momentFactor(_ c: Self) -> Self {
    let numerator = Self(0.0002440233706370473466)
      .horner(c, 0.02013219512684629227)
      .horner(c, 0.2623558145031379297)
      .horner(c, 1.116647550666328619)
      .horner(c, 1.828696916024218584)
      .horner(c, 0.9999999999999999996)
    let denominator = Self(0.0006700305633201716098)
      .horner(c, 0.03044822794109803357)
      .horner(c, 0.3216216598984842187)
      .horner(c, 1.232319185239042375)
      .horner(c, 1.899493242818715457)
      .horner(c, 1.0)
    return numerator / denominator
  }

  @inline(__always)
  package static func turnFactor(_ v: Self) -> Self {
    angleFactor(Self(1).adding(Self(-4 * Double.pi * Double.pi), times: v))
  }

  @inline(__always)
  package static func turnMomentFactor(_ v: Self) -> Self {
    momentFactor(Self(1).adding(Self(-4 * Double.pi * Double.pi), times: v))
  }

  @inline(__always)
  package func scaled(by factor: Factor<Self>) -> Self { self * factor.leading }
}
