import Failures
import Processor
import Testing

@Suite struct ProcessorTests {
  @Test("the processor that runs the tests has what the core was compiled for")
  func here() throws {
    #expect(Processor.missing == [])
    try Processor.check()
  }

  @Test("every bit that the core requires has a name of its own")
  func names() {
    let names = Processor.names(of: .max)
    #expect(names.count == Set(names).count && names.contains("avx512f"))
    #expect(Processor.names(of: Processor.required).count == Processor.required.nonzeroBitCount)
    #expect(Processor.names(of: 0b101) == [names[0], names[2]])
  }

  @Test("the error is one sentence that names what is missing and what to do")
  func sentence() {
    let few = UnsupportedProcessor(missing: ["avx2"])
    #expect(few.kind == .resource)
    #expect(
      few.description
        == "the program was built for another kind of processor; this one lacks avx2; "
        + "build it on this machine, or with `make dist`, which makes a program for x86-64-v2 and newer"
    )
    let many = UnsupportedProcessor(missing: ["a", "b", "c", "d", "e"])
    #expect(many.description.contains("lacks a, b, c and 2 more instruction sets; "))
  }
}
