"""What dse takes out of the code that Verilator writes."""

from backends.openhls.verilator import without_listed_variables

# as Verilator 5.006 and 5.48 write it
_OLD = """\
        __Vscope_testbench__dut__u1.configure(this, name(), "testbench.dut.u1", "u1", -9, x);
        __Vscope_testbench__dut__u1.varInsert(__Vfinal,"x", &(TOP__u1.x), false, VLVT_WDATA, 1 ,0);
"""
_NEW = """\
    __Vscopep_testbench__dut__u1 = new VerilatedScope{this, "testbench.dut.u1", "u1"};
    __Vscopep_testbench__dut__u1->varInsert("x", &(TOP__u1.x), false, VLVT_WDATA, VLVD_IN, 0, 0);
"""


def test_only_the_list_of_variables_goes() -> None:
    for code in (_OLD, _NEW):
        scope, variable = code.splitlines(keepends=True)
        assert "varInsert" in variable
        assert without_listed_variables(code) == scope
