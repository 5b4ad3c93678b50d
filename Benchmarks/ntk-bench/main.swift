import Foundation
import KernelTiles
import RecursionCore
func layers(_ a: [Any]) -> [LayerDescription] {
  a.map { x in
    if let s = x as? String { return LayerDescription(s) }
    let d = x as! [String: [String: Any]]
    let (k, v) = d.first!
    return LayerDescription(k, v.map { p in
      if let n = p.value as? NSNumber { return .init(p.key, .number(n.doubleValue)) }
      return .init(p.key, .layers(layers(p.value as! [Any]))) })
  }
}
let a = CommandLine.arguments
let spec = try! JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: a[1]))) as! [String: Any]
func read(_ p: String) -> [Double] { let d = try! Data(contentsOf: URL(fileURLWithPath: p)); return d.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) } }
let R = read(a[2]), C = read(a[3]); let D = Int(a[4])!
let net = try! Network(layers(spec["network"] as! [Any]), imageShape: [32, 32, 3])
let t = TileKernels(Program([net]), precision: Precision(rawValue: a[5])!)
R.withUnsafeBufferPointer { R in C.withUnsafeBufferPointer { C in
  let r = Images(base: R.baseAddress!, count: R.count / D, features: D), c = Images(base: C.baseAddress!, count: C.count / D, features: D)
  for (n, x, diag) in [("square", r, true), ("cross", c, false)] {
    var N = [Double](repeating: 0, count: r.count * x.count), T = N
    _ = N.withUnsafeMutableBufferPointer { N in T.withUnsafeMutableBufferPointer { T in
      try! t.compute(.init(rows: r, columns: x, isDiagonal: diag), outputs: [.init(nngp: N.baseAddress!, ntk: T.baseAddress!, stride: x.count)]) } }
    for (k, v) in [("nngp", N), ("ntk", T)] { try! v.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: "/tmp/w/conf/\(n)_\(k)")) }
  } } }
