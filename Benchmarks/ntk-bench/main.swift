import RecursionCore
import Foundation
func go(_ t: Precision, _ act: LayerDescription, _ depth: Int) {
  let d = LayerDescription("dense", [.init("weight_variance", .number(2)), .init("bias_variance", .number(0.05))])
  var l: [LayerDescription] = [LayerDescription("flatten")]
  for _ in 0..<depth { l += [d, act] }
  l.append(d)
  let net = try! Network(l, imageShape: [32,32,3])
  let p = Program([net])
  let n = 512
  var q: [Double] = []; for i in 0..<n { q.append(0.5 + Double(i)/Double(n)) }
  var K = [Double](repeating: 0, count: n*n), E = K, N = K, T = K
  for i in 0..<n { for j in 0..<n { let s = (q[i]*q[j]).squareRoot(); let c = Double((i*7919+j*104729)%1999)/1000 - 0.999; K[i*n+j] = s*c; E[i*n+j] = s*(1-c) } }
  let e = TileRecursion(p, precision: t)
  let tab = try! e.edge(variances: q)
  var best = 1e9
  for _ in 0..<7 {
    let t0 = Date()
    N.withUnsafeMutableBufferPointer { N in T.withUnsafeMutableBufferPointer { T in
    K.withUnsafeBufferPointer { K in E.withUnsafeBufferPointer { E in e.evaluate(.init(covariance: K.baseAddress!, deficit: E.baseAddress!, stride: n), rows: tab, rowRange: 0..<n, columns: tab, lowerTriangle: false, outputs: [.init(nngp: N.baseAddress!, ntk: T.baseAddress!, stride: n)]) }}}}
    best = min(best, Date().timeIntervalSince(t0))
  }
  print(t, act.name, depth, best / Double(n*n) / Double(depth) * 1e9, "ns per entry-layer", N[5], T[5])
}
for depth in [1, 3, 30, 100] {
go(.f64, LayerDescription("relu"), depth)
go(Precision.f32.self, LayerDescription("relu"), depth)
go(.f64, LayerDescription("erf"), depth)
go(Precision.f32.self, LayerDescription("erf"), depth)
}
