import Testing
import Watchdog

@Suite("interfaces")
struct InterfaceTests {
  private func interface(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, bits: UInt32 = 24)
    -> Interface
  {
    Interface(address: a << 24 | b << 16 | c << 8 | d, mask: ~0 << (32 - bits))
  }

  @Test("the network that all hosts share is found, a private one of each host is not")
  func common() {
    let bridge = interface(172, 17, 0, 1, bits: 16)
    let hosts = (1...3).map { host in
      [bridge, interface(192, 168, UInt32(host), 9), interface(10, 0, 0, UInt32(host))]
    }
    #expect(Interface.common(to: hosts) == interface(10, 0, 0, 1))
    #expect(Interface.common(to: [[bridge], [bridge]]) == nil)
    #expect(Interface.common(to: [[interface(10, 0, 1, 1)], [interface(10, 0, 2, 1)]]) == nil)
    #expect(Interface.common(to: [[], [bridge]]) == nil)
    #expect(Interface.common(to: []) == nil)
  }

  @Test("this host has interfaces with masks")
  func own() {
    for interface in Interface.own { #expect(interface.reaches(interface.address)) }
  }
}
