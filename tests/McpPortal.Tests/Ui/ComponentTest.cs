using Bunit;
using Radzen;

namespace McpPortal.Tests.Ui;

/// <summary>Base of component tests: bUnit with what Radzen's components ask for.</summary>
public abstract class ComponentTest : BunitContext
{
    protected ComponentTest()
    {
        Services.AddRadzenComponents();
        JSInterop.Mode = JSRuntimeMode.Loose;
    }
}
