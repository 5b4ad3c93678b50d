#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The functions of the C library under other names, because the functions of formulas use the
/// usual names.
enum Library {
  static func exponential(_ u: Double) -> Double { exp(u) }
  static func logarithm(_ u: Double) -> Double { log(u) }
  static func logarithmOfOnePlus(_ u: Double) -> Double { log1p(u) }
  static func sine(_ u: Double) -> Double { sin(u) }
  static func cosine(_ u: Double) -> Double { cos(u) }
  static func hyperbolicTangent(_ u: Double) -> Double { tanh(u) }
  static func hyperbolicSine(_ u: Double) -> Double { sinh(u) }
  static func hyperbolicCosine(_ u: Double) -> Double { cosh(u) }
  static func errorFunction(_ u: Double) -> Double { erf(u) }
  static func power(_ a: Double, _ b: Double) -> Double { pow(a, b) }
}
