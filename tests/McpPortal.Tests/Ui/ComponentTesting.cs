using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace McpPortal.Tests.Ui;

/// <summary>bUnit was compiled against a newer AngleSharp.Diffing than can be restored; the one beside the tests does as well.</summary>
internal static class ComponentTesting
{
    [ModuleInitializer]
    internal static void ResolveDiffing() => AssemblyLoadContext.Default.Resolving += (context, name) =>
        name.Name == "AngleSharp.Diffing" && Path.Combine(AppContext.BaseDirectory, "AngleSharp.Diffing.dll") is var file && File.Exists(file)
            ? context.LoadFromAssemblyPath(file)
            : null;
}
