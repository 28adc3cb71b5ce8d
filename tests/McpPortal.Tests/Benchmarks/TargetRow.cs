using System.Globalization;

namespace McpPortal.Tests.Benchmarks;

/// <summary>One figure with what it should be.</summary>
/// <param name="Figure">What was measured.</param>
/// <param name="Limit">The target; NaN when there is none.</param>
/// <param name="AtLeast">More is better; otherwise less is.</param>
/// <param name="Measured">The figure.</param>
/// <param name="Unit">Behind both numbers; may be empty.</param>
internal sealed record TargetRow(string Figure, double Limit, bool AtLeast, double Measured, string Unit)
{
    public bool? Holds => double.IsNaN(Limit) ? null : AtLeast ? Measured >= Limit : Measured <= Limit;

    public static TargetRow AtMost(string figure, double limit, double measured, string unit) => new(figure, limit, AtLeast: false, measured, unit);

    public static TargetRow Least(string figure, double limit, double measured, string unit = "") => new(figure, limit, AtLeast: true, measured, unit);

    public static TargetRow Plain(string figure, double measured, string unit) => new(figure, double.NaN, AtLeast: false, measured, unit);

    public static string Table(IEnumerable<TargetRow> rows) =>
        "| Figure | Target | Measured | |\n|---|---|---|---|\n" + string.Concat(rows.Select(row => row.Line()));

    private string Line()
    {
        var target = double.IsNaN(Limit) ? "–" : $"{(AtLeast ? '≥' : '≤')} {Number(Limit)}";
        var verdict = Holds switch { true => "holds", false => "**short**", null => "" };
        return $"| {Figure} | {target} | {Number(Measured)} | {verdict} |\n";
    }

    private string Number(double value)
    {
        var digits = value == 0 ? "0" : value.ToString(Math.Abs(value) switch { < 10 => "0.00", < 100 => "0.0", _ => "N0" }, CultureInfo.InvariantCulture);
        return Unit.Length == 0 ? digits : $"{digits} {Unit}";
    }
}
