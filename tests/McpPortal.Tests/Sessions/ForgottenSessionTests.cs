using System.Net;
using System.Text;
using McpPortal.Sessions;

namespace McpPortal.Tests.Sessions;

/// <summary>Which answers of an older server mean that it forgot the session, after which a call is made once more.</summary>
public sealed class ForgottenSessionTests
{
    [Theory]
    [InlineData(404, """{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}""")]
    [InlineData(404, """{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Missing session"}}""")]
    [InlineData(404, "Bad Request: no valid session")]
    [InlineData(400, """{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"There is no such chat session."}}""")]
    [InlineData(400, """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"This cannot be read."}}""")]
    [InlineData(400, "")]
    public async Task A_call_that_the_server_answered_is_never_made_twice(int status, string said)
    {
        using var client = new HttpClient(new ForgottenSessionHandler { InnerHandler = new Saying(said) });
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://server.example/mcp")
        {
            Headers = { { "Mcp-Session-Id", "one" } },
            Content = new StringContent("""{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay"}}""", Encoding.UTF8, "application/json"),
        };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode)status, answer.StatusCode);
        Assert.Equal(said, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private sealed class Saying(string text) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new StringContent(text) });
    }
}
