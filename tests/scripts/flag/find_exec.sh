find tasks -name '*.yaml' -exec sky jobs launch -y -d {} \;
# expect GS301: 1
