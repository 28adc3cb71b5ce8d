using Bunit;
using McpPortal.Tests.StreamableHttp;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Ui;

/// <summary>Base of tests of our controls: as on a page with a circuit, under a clock that moves by hand.</summary>
public abstract class ControlTest : ComponentTest
{
    protected ControlTest()
    {
        Services.AddSingleton<TimeProvider>(Clock);
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
    }

    private protected ManualTime Clock { get; } = new();
}
